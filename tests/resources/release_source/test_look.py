"""One look at a real branch and a real database."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from resources.app.app import App
from resources.deployment.deployment import Deployment
from resources.errors import AppBuildError, CommitRefusedError, LockBusyError
from resources.git.access import Access
from resources.journal import Journal
from resources.prisma.apply import apply_pending
from resources.prisma.lock import MigrationLock
from resources.release_source.attempts import ask_again, recorded
from resources.release_source.ci import ci_verdict
from resources.release_source.decide import Launch, Seen, Skip
from resources.release_source.exported import export_migrations, mirror_of
from resources.release_source.look import look
from resources.release_source.pinned import Pin, PinnedCommit
from resources.release_source.source import Source
from tests.support.git_server import Clone, git

NOTHING_SEEN = Seen()


def _look(target, seen=NOTHING_SEEN):
    return look(target, target.source, seen, [])


def _launch(target) -> Launch:
    found = _look(target).decision
    assert isinstance(found, Launch), found
    return found


def _skipped(target) -> str:
    found = _look(target).decision
    assert isinstance(found, Skip), found
    return found.reason


def _with(target, **changes):
    return replace(target, source=replace(target.source, **changes))


def test_the_tip_is_launched_until_the_database_has_its_migrations(watching, clone):
    launch = _launch(watching)
    assert launch.candidate.pending == ("20260101000000_init",) and launch.attempt == 1
    assert _launch(watching) == launch, "a second tick says the same: one key, one run"
    applied = replace(watching, migrations=clone.migrations)
    with MigrationLock(applied, "test") as lock:
        apply_pending(applied, lock, lambda *_: None)
    assert "no new migrations" in _skipped(watching)
    assert not list((watching.state / "commits").glob("*")), "nothing is left of a look"


def test_the_project_may_lie_in_a_folder_of_the_repository_and_name_its_migrations_itself(target, tmp_path):
    clone = Clone(tmp_path / "mono", inside="apps/shop")
    clone.migration("20260101000000_init", "SELECT 1;")
    moved = clone.folder / "apps/shop/db"
    clone.migrations.parent.rename(moved)
    config = clone.folder / "apps/shop/prisma.config.ts"
    config.write_text('export default { migrations: { path: "db/migrations" } }')
    commit = clone.commit()
    source = Source(Access(str(clone.folder)), project_path="apps/shop")
    mirror = mirror_of(target, source)
    mirror.fetch("main")
    exported = export_migrations(mirror, source, commit, tmp_path / "out")
    assert exported.inside == "apps/shop/db/migrations"
    assert [file.name for file in exported.files] == ["20260101000000_init"]
    with pytest.raises(Exception, match="no Prisma project"):
        export_migrations(mirror, replace(source, project_path=""), commit, tmp_path / "out2")
    assert not (tmp_path / "out2").exists()


def test_a_link_among_the_migrations_is_refused(watching, clone):
    (clone.migrations / "20260102000000_link").symlink_to("20260101000000_init")
    clone.commit()
    assert "symbolic link" in _skipped(watching)


def test_a_database_or_repository_that_does_not_answer_is_a_reason_and_no_error(watching, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = replace(watching, endpoint=replace(watching.endpoint, port=nobody.getsockname()[1]))
        assert "the database cannot be asked" in _skipped(gone)
    assert "could not be fetched" in _skipped(_with(watching, access=Access(str(tmp_path / "nowhere"))))


def test_a_rewritten_branch_is_said_so(watching, clone):
    first = _look(watching)
    git(clone.folder, "commit", "-q", "--amend", "-m", "Other")
    again = _look(watching, first.seen)
    assert again.rewritten == first.seen.commit and isinstance(again.decision, Launch)


def test_every_author_of_what_is_pending_must_be_allowed_not_only_the_last(watching, clone):
    allowed = _with(watching, authors=frozenset({"dev@example.org"}))
    assert isinstance(_launch(allowed), Launch)
    clone.migration("20260102000000_evil", "DROP TABLE x;")
    evil = clone.commit("Evil", author="evil@example.org")
    (clone.folder / "README").write_text("x")
    clone.commit("Harmless")
    found = _look(allowed)
    assert found.refused and evil[:12] in found.refused.what and "evil@example.org" in found.refused.what
    assert found.seen == NOTHING_SEEN, "once the setting allows it, it is still new"


def test_only_commits_signed_with_a_known_key_are_deployed_where_that_is_set(watching, clone, tmp_path):
    for name in ("good", "other"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(tmp_path / name)]
        subprocess.run(make, check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"dev@example.org {(tmp_path / 'good.pub').read_text()}")
    strict = _with(watching, require_signed=True, allowed_signers=signers)
    assert "no good signature" in _skipped(strict), "unsigned"

    def sign(key: str) -> None:
        settings = ("gpg.format=ssh", f"user.signingKey={tmp_path / key}", "commit.gpgSign=true")
        options = [part for setting in settings for part in ("-c", setting)]
        clone.commit(f"Signed by {key}", *options)

    sign("other")
    assert "no good signature" in _skipped(strict), "signed by a stranger"
    sign("good")
    assert isinstance(_launch(strict), Launch)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"state": "success"}, "success"),
        ({"state": "pending"}, "pending"),
        ({"state": "failure"}, "failure"),
        ({"status": "running"}, "pending"),
        ({"total_count": 1, "check_runs": [{"status": "completed", "conclusion": "success"}]}, "success"),
        ({"total_count": 2, "check_runs": [{"status": "completed", "conclusion": "success"}]}, "pending"),
        ({"total_count": 1, "check_runs": [{"status": "in_progress", "conclusion": None}]}, "pending"),
        ({"total_count": 1, "check_runs": [{"status": "completed", "conclusion": "timed_out"}]}, "failure"),
        ({"total_count": 0, "check_runs": []}, "pending"),
        ([], "pending"),
        ("nonsense", "pending"),
    ],
)
def test_ci_is_waited_for_and_its_failure_refuses(answer, verdict, httpserver, clone):
    commit = git(clone.folder, "rev-parse", "HEAD")
    headers = {"Authorization": "Bearer s3cret"}
    httpserver.expect_request(f"/{commit}/status", headers=headers).respond_with_data(json.dumps(answer))
    source = Source(Access("x"), ci_url=httpserver.url_for("/{commit}/status"), ci_token="s3cret")
    assert ci_verdict(source, commit, seconds=20)[0] == verdict


def test_while_ci_runs_nothing_is_launched_and_what_failed_is_refused(watching, httpserver):
    handler = httpserver.expect_request("/ci")
    waiting = _with(watching, ci_url=httpserver.url_for("/ci?{commit}"))
    handler.respond_with_json({"state": "pending"})
    assert "waits: CI has not ended" in _skipped(waiting)
    handler.respond_with_json({"state": "failure"})
    assert _look(waiting).refused is not None
    handler.respond_with_json({"state": "success"})
    assert isinstance(_launch(waiting), Launch)


def test_a_ci_address_is_not_asked_without_protection_nor_where_it_redirects_to(httpserver):
    with pytest.raises(CommitRefusedError, match="without protection"):
        ci_verdict(Source(Access("x"), ci_url="http://ci.example.org/{commit}"), "a" * 40)
    httpserver.expect_request("/ci").respond_with_data("", status=302, headers={"Location": "/other"})
    httpserver.expect_request("/other").respond_with_json({"state": "success"})
    assert (
        ci_verdict(Source(Access("x"), ci_url=httpserver.url_for("/ci?{commit}")), "a" * 40)[0] == "pending"
    )


def _pinned(target, launch: Launch) -> PinnedCommit:
    pin = Pin(launch.candidate.commit, launch.candidate.migrations, launch.attempt)
    return PinnedCommit(target, target.source, pin)


def test_what_was_decided_on_is_what_is_prepared_even_when_the_branch_has_moved_on(watching, clone):
    launch = _launch(watching)
    clone.migration("20260102000000_more", "SELECT 1;")
    clone.commit("More")
    pinned = _pinned(watching, launch)
    target, commit = pinned.prepare()
    pinned.confirm()
    assert commit.id == launch.candidate.commit and commit.subject == "Init"
    assert not (target.migrations / "20260102000000_more").exists()
    pinned.ended(None)
    assert not target.migrations.exists()


def test_the_application_is_built_from_the_pinned_commit_and_not_from_the_folder_dbsync_runs_in(
    watching, clone, tmp_path
):
    (clone.folder / "version").write_text("of the commit")
    clone.commit("A version")
    launch = _launch(watching)
    (clone.folder / "version").write_text("of a later commit")
    clone.commit("Another version")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "version").write_text("of the folder")
    pm2 = Path(shutil.which("true") or "")  # the build fails before PM2 would be asked for anything else
    app = App(
        tmp_path / "srv",
        tmp_path / "here",
        ("shop",),
        tmp_path / "pm2",
        install="",
        build="cat version; exit 3",
        pm2=pm2,
    )
    deployment = Deployment(replace(watching, app=app), pinned=_pinned(watching, launch))
    try:
        with pytest.raises(AppBuildError) as raised:
            deployment.begin_backup()
    finally:
        deployment.close()
    assert "of the commit" in raised.value.why


def test_a_commit_that_a_force_push_took_away_is_refused_and_so_are_other_bytes(watching, clone):
    launch = _launch(watching)
    pinned = _pinned(watching, launch)
    target, _ = pinned.prepare()
    (target.migrations / "20260101000000_init" / "migration.sql").write_text("DROP TABLE `User`;")
    with pytest.raises(CommitRefusedError, match="not those that were decided on"):
        pinned.confirm()
    git(clone.folder, "commit", "-q", "--amend", "-m", "Other")
    with pytest.raises(CommitRefusedError, match="not in the branch main any more") as refused:
        pinned.confirm()
    assert "force-push" in refused.value.why
    pinned.ended(refused.value)
    assert [(one.state, one.number) for one in recorded(watching)] == [("ended", 1)]
    with pytest.raises(CommitRefusedError):
        _pinned(watching, launch).prepare()


def test_an_attempt_is_remembered_and_one_more_is_there_for_the_asking(watching, clone):
    launch = _launch(watching)
    pinned = _pinned(watching, launch)
    pinned.prepare()
    assert "being deployed" in _skipped(watching), "this process is at it"
    pinned.ended(CommitRefusedError("refused by hand"))
    assert "dbsync retry" in _skipped(watching)
    assert ask_again(watching).commit == launch.candidate.commit
    assert _launch(watching).attempt == 2


def test_nothing_begins_while_another_deployment_is_open_or_waits_for_a_person(watching):
    journal = Journal(watching.storage)
    other = journal.begin(watching.name)
    assert f"deployment {other} has not ended" in _skipped(watching)
    journal.record(other, "rollback_refused")
    assert "waits for a person: dbsync rollback" in _skipped(watching)
    journal.record(journal.begin(watching.name), "released")
    assert isinstance(_launch(watching), Launch), "a person released something later"


def test_a_run_that_met_a_taken_lock_is_tried_again_by_itself_later(watching):
    pinned = _pinned(watching, _launch(watching))
    pinned.prepare()
    pinned.ended(LockBusyError("another deployment"))
    assert [one.state for one in recorded(watching)] == ["not_begun"]
    assert "the next one in" in _skipped(watching)
