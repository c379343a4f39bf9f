"""The action's step in a simulated runner: on the runner itself, and over SSH to a real sshd."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from resources.mysql.connection import connect, execute
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import UnusableError
from resources.settings import CHECKOUT
from tests.e2e.conftest import GOOD, empty_project, project
from tests.faults.test_secrets import poll_processes
from tests.support.runner import Runner, obeyed
from tests.support.ssh_server import SshServer, ssh_server

__all__ = ["empty_project", "project"]
pytestmark = pytest.mark.slow
EVIL = "::error::x <script>alert(1)</script> [a](http:evil) ##[add-mask]y @octocat"
SLEEP = "DO (SELECT SLEEP(3) FROM `User` LIMIT 1);"
LEFT = f"dbsync-{'?' * 32}"
PASSWORD = "sparrow'\"$ %@:/\\x"


@pytest.fixture
def runner(project, tmp_path) -> Runner:
    (project.folder / ".env").write_text(f"DBSYNC_TOOLS={project.tools}\n")
    (tmp_path / "temp").mkdir()
    return Runner(tmp_path / "temp", project.folder.parent)


@pytest.fixture(scope="module")
def host(tools, tmp_path_factory) -> Iterator[SshServer]:
    try:
        with ssh_server(tools, tmp_path_factory.mktemp("sshd")) as running:
            yield running
    except UnusableError as error:
        pytest.skip(f"no sshd to be had here: {error}")


def over(host: SshServer, project, **inputs: str) -> dict[str, str]:
    return {
        "HOST": "127.0.0.1",
        "USER": host.user,
        "PORT": str(host.port),
        "SSH_KEY": host.key,
        "KNOWN_HOSTS": host.known_hosts,
        "PROJECT": str(project.folder),
        "PATH": f"/nonexistent:{CHECKOUT}/bin",
        "DATABASE_URL": project.url,
        **inputs,
    }


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@x", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        check=True,
        capture_output=True,
    )


def test_text_of_others_is_inert_in_log_annotations_summary_and_outputs(project, runner):
    before = project.world()
    project.add_migration(
        f"20260401000000_{EVIL.replace('/', '')}",
        "-- ::add-mask::comment\nCREATE TABLE `::add-mask::t<script>` (`id` INTEGER NOT NULL);\n"
        "CREATE UNIQUE INDEX `User_email_key` ON `User`(`email`)"
        " COMMENT '\n::add-mask::v\n##[error]w \x1b[31m';\n",
    )
    git(project.folder, "init", "-q")
    git(project.folder, "add", "prisma")
    git(project.folder, "commit", "-qm", EVIL)
    step = runner.run(VERB="deploy", PROJECT="app", DATABASE_URL=project.url)
    assert (step.code, step.outputs["exit-code"], step.outputs["outcome"]) == (40, "40", "rolled_back")
    assert project.world() == before
    assert step.variables["DBSYNC_DEPLOYMENT"] == step.outputs["deployment"]
    masks = [line for line in step.commands if line.startswith("::add-mask::")]
    (error,) = [line for line in step.commands if line not in masks]
    password = project.endpoint.password
    spellings = {password, quote(password, safe=""), project.url, quote(project.url, safe="")}
    assert masks and {line.removeprefix("::add-mask::").replace("%25", "%") for line in masks} <= spellings
    assert error.startswith("::error file=prisma/migrations/20260401000000_%3A%3Aerror")
    assert ",line=" in error and "Duplicate entry" in error
    # Without the lines that stop commands there would be none either.
    assert len(obeyed(step.text.replace("::stop-commands::", "(stopped) "))) <= len(step.commands) + 1
    assert "add-mask::v" in step.text and "\x1b" not in step.text
    for text in ("<script", "](http", "@octocat", "\x1b", "\n::"):
        assert text not in step.summary
    assert "rolled" in step.summary and "&#60;script&#62;" in step.summary
    assert Path(step.outputs["summary"]).read_text() == step.summary


def test_findings_are_annotated_and_written_as_sarif(project, runner):
    first = project.migrations / "20260101000000_init" / "migration.sql"
    first.write_text(first.read_text() + "-- edited\n")
    git(project.folder, "init", "-q")
    step = runner.run(VERB="check", PROJECT="app", DATABASE_URL=project.url, SARIF="dbsync.sarif")
    assert (step.code, step.outputs["outcome"]) == (30, "history")
    assert "::error file=prisma/migrations/20260101000000_init/migration.sql,line=1," in step.text
    (run,) = json.loads((runner.workspace / "dbsync.sarif").read_text())["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert (result["ruleId"], place["uri"]) == ("edited", str(first.relative_to(project.folder)))


def test_over_ssh_a_cancelled_step_leaves_the_deployment_and_the_next_step_joins_it(
    project, runner, server, host
):
    user = f"{project.database}_app"[:32]
    with connect(server.tcp_endpoint) as admin:
        execute(admin, "CREATE USER %s@'%%' IDENTIFIED BY %s", (user, PASSWORD))
        execute(admin, "GRANT ALL ON *.* TO %s@'%%'", (user,))
    project.endpoint = Endpoint("127.0.0.1", server.port, user, PASSWORD)
    project.add_migration(GOOD[0], f"{GOOD[1]}\n{SLEEP}\n")
    before = set(Path("/tmp").glob(LEFT))
    old = Path(f"/tmp/dbsync-{uuid4().hex}")
    old.mkdir()
    os.utime(old, (1, 1))
    seen: list[str] = []
    stop = threading.Event()
    # The step itself holds its inputs, as every step does; what it starts must not.
    watcher = threading.Thread(target=poll_processes, args=(seen, stop, ("sparrow'", "sparrow%27")))
    try:
        pending = runner.run(**over(host, project, VERB="status"))
        assert (pending.code, pending.outputs["pending"]) == (34, GOOD[0])
        watcher.start()
        process = runner.start(**over(host, project, VERB="deploy"))
        project.wait_for_phase("migration_started", process)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)  # as the runner cancels
        cancelled = runner.end(process)
        assert time.monotonic() - begun < 7 and cancelled.code == 70
        assert "verb join" in cancelled.text
        assert not cancelled.variables, "the id of what goes on is not known to this machine"
        runner.run_id = "2"
        assert runner.run(**over(host, project, VERB="join")).code == 72, "another run's is not its own"
        runner.run_id = "1"
        joined = runner.run(**over(host, project, VERB="join"))
        assert (joined.code, joined.outputs["outcome"]) == (0, "released")
        assert joined.outputs["applied"] == GOOD[0] and joined.outputs["backup"]
        assert joined.variables["DBSYNC_DEPLOYMENT"] == joined.outputs["deployment"]
        assert "released" in joined.summary
        assert project.applied()[-1] == GOOD[0]
    finally:
        stop.set()
        watcher.join()
        with connect(server.tcp_endpoint) as admin:
            execute(admin, "DROP USER %s@'%%'", (user,))
    others = {line for line in seen if "action/run.sh" not in line and "bin/dbsync\0" not in line}
    assert not others, "no secret in an argument, or in the environment of what the step starts"
    assert not old.exists(), "what a cancelled step leaves on the host goes with a later step"
    (left,) = set(Path("/tmp").glob(LEFT)) - before
    shutil.rmtree(left)


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"KNOWN_HOSTS": ""}, 2),
        ({"KNOWN_HOSTS": "other ssh-ed25519 AAAA"}, 255),
        ({"HOST": "-oProxyCommand=touch /tmp/x"}, 2),
        ({"VERB": "--version"}, 2),
        ({"PATH": "/nonexistent"}, 4),
        ({"VERB": "restore", "ARGUMENTS": "$(touch x)\n'; touch y #"}, 2),
    ],
)
def test_what_is_wrong_with_the_inputs_has_its_own_exit_code(project, runner, host, inputs, code):
    step = runner.run(**over(host, project, VERB="status") | inputs)
    assert (step.code, step.outputs["exit-code"]) == (code, str(code)), step.text
    assert any(line.startswith("::error") for line in step.commands)
    assert not {"x", "y"} & {path.name for path in project.folder.iterdir()}
