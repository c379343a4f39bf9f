"""A release is built in its own folder, while the live one goes on serving from another."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from resources import progress
from resources.app.app import App
from resources.app.node import node_variables
from resources.app.releases import Releases
from resources.app.source import Export
from resources.child_environment import child_environment
from resources.durable_file import disk_full
from resources.errors import AppBuildError
from resources.redact import inert, redact

_LAST_LINES = 15
_POLL = 0.2


def build(app: App, commit: str | None, release: str, export: Export) -> float:
    """Make `release` whole, of the files that `export` writes, unless it is already; seconds that took.

    Raises AppBuildError with the last lines that were printed, DiskFullError.
    """
    releases = Releases(app)
    releases.prepare()
    if releases.is_whole(release):
        progress.say(f"the application's release {release[:12]} is built already")
        return 0.0
    begun = time.monotonic()
    place = releases.begin(release)
    log = releases.logs / f"{release}.log"
    try:
        export(place)
        releases.link_shared(release)
        log.write_text("", encoding="utf-8")
        log.chmod(0o600)
        deadline = begun + app.build_timeout
        for title, command in (("install packages", app.install), ("build application", app.build)):
            if command:
                with progress.step(title) as step:
                    _run(app, command, place, log, deadline, commit or release, step)
        if not (place / app.ecosystem).is_file():
            raise AppBuildError(
                "the release has no ecosystem file for PM2",
                where=app.ecosystem,
                hint="APP_ECOSYSTEM names it",
            )
        releases.finish(release, {"commit": commit or release, "built_at": datetime.now(UTC).isoformat()})
    except OSError as error:
        raise disk_full(error, place) from error
    return time.monotonic() - begun


def _run(
    app: App, command: str, place: Path, log: Path, deadline: float, commit: str, step: progress.Step
) -> None:
    with log.open("r+b") as said:
        said.seek(0, os.SEEK_END)
        said.write(f"$ {command}\n".encode())
        said.flush()
        # A shell, as npm's scripts and a workflow's steps have: the command is the project's own text.
        running = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=place,
            env=child_environment(
                node_variables(app),
                network=True,
                APP_COMMIT=commit,
                CI="1",
                NEXT_TELEMETRY_DISABLED="1",
                npm_config_update_notifier="false",
                npm_config_fund="false",
            ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while running.poll() is None and time.monotonic() < deadline:
                time.sleep(_POLL)
                if lines := _last_lines(log, 1):
                    step.note(lines[0][:100])
        finally:
            took_too_long = running.poll() is None
            if took_too_long:
                os.killpg(running.pid, signal.SIGKILL)  # the group is this command's own
                running.wait()
    if took_too_long or running.returncode:
        how = "took too long" if took_too_long else f"ended with {running.returncode}"
        raise AppBuildError(
            f"`{inert(redact(command))}` {how}; the live application was not touched",
            where=str(place),
            why="\n         ".join(_last_lines(log, _LAST_LINES)),
            hint=f"less {log}" + ("   (APP_BUILD_TIMEOUT is the time it may take)" if took_too_long else ""),
        )


def _last_lines(log: Path, count: int) -> list[str]:
    with log.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - 16_384))
        lines = stream.read().decode("utf-8", "replace").replace("\r", "\n").split("\n")
    return [inert(redact(line.rstrip())) for line in lines if line.strip()][-count:]
