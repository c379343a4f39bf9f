"""Handing a verb over to a process of its own, which ends well whatever becomes of this one."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from typing import Annotated

import typer

from dbsync_assets.cli.context import Loaded
from dbsync_assets.cli.follow import SIGNALS, end_as, follow
from dbsync_assets.cli.invocation import Invocation
from resources.child_environment import child_environment
from resources.errors import DbsyncError
from resources.git.commit import current_commit
from resources.private_folder import make_private_folder
from resources.settings import CHECKOUT, handed_on
from resources.settings_work import github_runner
from resources.work import Work, Works, record_begin

Detach = Annotated[
    bool | None,
    typer.Option(
        "--detach/--no-detach",
        help="Go on although this command is stopped; `dbsync join` follows it. Default: DBSYNC_DETACH.",
        show_default=False,
    ),
]
_OF_THE_FOLLOWER = frozenset({"--json", "--detach", "--no-detach"})


def hand_over(context: typer.Context, loaded: Loaded, *, detach: bool | None, as_json: bool) -> None:
    """Returns where this process is to do the work; otherwise follows it and exits as it does."""
    called = context.obj
    assert isinstance(called, Invocation)
    if called.is_worker:
        return
    verb = str(context.info_name)
    works = Works(loaded.target.state)
    release = _release(loaded) if verb == "deploy" else ""
    running = works.running(release)
    if running is None:
        if not (loaded.settings.detaches if detach is None else detach):
            return
        make_private_folder(loaded.target.state, "DBSYNC_STATE")
        with works.locked():
            running = works.running(release)
            work = running or _start(works, called, verb=verb, target=loaded.target.name, release=release)
    else:
        work = running
    if running is not None:
        told = f"this release is being deployed already, by process {work.pid}: joining work {work.id}"
    else:
        told = f"work {work.id} goes on by itself, in process {work.pid}; to follow it: dbsync join {work.id}"
    end_as(loaded, work, follow(work, told=told, as_json=as_json), as_json=as_json)


def _start(works: Works, called: Invocation, **facts: str) -> Work:
    folder = works.create()
    arguments = [word for word in called.arguments if word not in _OF_THE_FOLLOWER]
    # Until somebody follows it: a signal in between would be taken for the work's own end.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dbsync_assets.cli.worker", str(folder)],
            env=child_environment(PYTHONPATH=str(CHECKOUT)),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    runner = github_runner()
    run = runner.run if runner else ""
    work = record_begin(folder, process.pid, arguments=arguments, run=run, **facts)
    # Only now: a work that nobody could find again is not begun.
    task = {"environment": handed_on(), "arguments": arguments}
    assert process.stdin
    process.stdin.write(json.dumps(task).encode())
    process.stdin.close()
    return work


def _release(loaded: Loaded) -> str:
    """What a second command must want too, to be one with the first. "" where it cannot be told."""
    from resources.prisma.folder import read_migrations

    target = loaded.target
    try:
        files = read_migrations(target.migrations)
    except (DbsyncError, OSError):
        return ""  # the deployment itself says what is wrong, and tells people
    commit = current_commit(loaded.project, target.migrations)
    policy = target.policy
    wanted = [
        target.name,
        commit and commit.id,
        [(file.name, hashlib.sha256(file.content).hexdigest()) for file in files],
        sorted(policy.accepted),
        policy.accept_drift,
        sorted(policy.accept_fewer_rows),
        sorted(target.accept_lossy),
    ]
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()
