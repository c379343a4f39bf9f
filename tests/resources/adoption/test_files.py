"""Files that `dbsync init` proposes: only added to, and never twice."""

from __future__ import annotations

import subprocess

import pytest

from resources.adoption.env_block import env_block, pm2_name
from resources.adoption.gitignore import gitignore
from resources.adoption.grants_file import grants_file
from resources.adoption.workflows import NAMES, left_out, workflows
from resources.child_environment import child_environment
from resources.doctor.privileges import missing_privileges
from resources.errors import SettingsError
from resources.mysql.connection import connect, execute
from resources.redact import redact, remember
from resources.settings import CHECKOUT, load_settings

EXAMPLES = CHECKOUT / "examples" / "workflows"


@pytest.mark.parametrize("before", [None, "", "A=1", "A=1\n", "A=1\r\nB=2\r\n"])
def test_the_env_file_keeps_what_it_had_and_no_setting_changes(tmp_path, before):
    file = tmp_path / ".env"
    if before is not None:
        file.write_bytes(before.encode())
    settings = load_settings(tmp_path)
    env_block(tmp_path).write()
    assert file.read_bytes().startswith((before or "").encode())
    assert load_settings(tmp_path) == settings
    assert not env_block(tmp_path).changes
    assert before is not None or file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["name: 'shop-web'", '"name": "shop-web"'])
def test_the_pm2_name_is_found(tmp_path, text):
    (tmp_path / "ecosystem.config.js").write_text(f"module.exports = {{ apps: [{{ {text} }}] }}\n")
    assert pm2_name(tmp_path) == "shop-web"


@pytest.mark.parametrize("before", [None, "node_modules", ".env*\n", ".env.local\n.env.production\n"])
def test_git_ignores_the_folder_and_the_passwords(tmp_path, before):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env=child_environment())
    if before is not None:
        (tmp_path / ".gitignore").write_text(before)
    proposal = gitignore(tmp_path)
    assert proposal
    proposal.write()
    for path in (".dbsync/backups/x", ".env"):
        told = subprocess.run(
            ["git", "-C", str(tmp_path), "check-ignore", "-q", path], env=child_environment()
        )
        assert told.returncode == 0, path
    again = gitignore(tmp_path)
    assert again and not again.changes


def test_what_the_repository_ignores_already_is_not_added_once_more(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env=child_environment())
    (tmp_path / ".gitignore").write_text("*.env\n!.env.example\n.dbsync\n")
    package = tmp_path / "packages" / "db"
    package.mkdir(parents=True)
    proposal = gitignore(tmp_path)
    assert proposal and not proposal.changes
    assert gitignore(package) is None


def test_outside_a_repository_nothing_is_ignored(tmp_path):
    assert gitignore(tmp_path) is None


def test_at_the_top_of_a_repository_workflows_are_shown_literally_as_they_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.redact._secrets", set())
    (tmp_path / ".git").mkdir()
    proposals = workflows(tmp_path, EXAMPLES)
    assert [one.path.name for one in proposals] == list(NAMES.values())
    assert left_out(tmp_path, EXAMPLES) is None
    for one in proposals:
        one.write()
        shown = redact(one.diff(tmp_path)).splitlines()[3:]
        assert shown == [f"+{line}" for line in one.path.read_text().splitlines()]
    remember("throw-away")
    assert "throw-away" not in redact(proposals[0].diff(tmp_path)), "somebody's password is no constant"


@pytest.mark.parametrize("own", [False, True])
def test_in_a_folder_of_a_repository_no_workflow_is_written_and_that_is_said(tmp_path, own):
    application = tmp_path / "apps" / "shop"
    application.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    if own:
        (application / ".github").mkdir()
    assert workflows(application, EXAMPLES) == []
    said = left_out(application, EXAMPLES) or ""
    top = tmp_path / ".github" / "workflows"
    for text in (str(top), "apps/shop", str(EXAMPLES), "docs/github-actions.md"):
        assert text in said
    top.mkdir(parents=True)
    for name in NAMES.values():
        (top / name).touch()
    assert left_out(application, EXAMPLES) is None


def test_outside_a_repository_workflows_are_added_to_those_that_are_there(tmp_path):
    assert workflows(tmp_path, EXAMPLES) == [] and left_out(tmp_path, EXAMPLES) is None
    (tmp_path / ".github").mkdir()
    assert len(workflows(tmp_path, EXAMPLES)) == len(NAMES)


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path):
    proposal = env_block(tmp_path)
    (tmp_path / ".env").write_text("MINE=1\n")
    with pytest.raises(SettingsError):
        proposal.write()
    assert (tmp_path / ".env").read_text() == "MINE=1\n"


def test_an_account_with_the_proposed_grants_lacks_nothing(tmp_path, target, connection):
    text = grants_file(tmp_path, connection, target.database).after
    account = "`adopted`@`%`"
    execute(connection, f"CREATE USER {account} IDENTIFIED BY 'x'")
    try:
        for line in text.splitlines():
            if line.startswith("GRANT"):
                execute(connection, line.replace("`dbsync`@`localhost`", account))
        endpoint = type(target.endpoint)(**{**vars(target.endpoint), "user": "adopted", "password": "x"})
        with connect(endpoint) as adopted:
            for engine in ("auto", "clone", "mysqldump"):
                assert missing_privileges(adopted, target.database, engine) == []
    finally:
        execute(connection, f"DROP USER {account}")
