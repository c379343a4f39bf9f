"""PM2, asked and told through its own command. Nothing is ended by any other name than PM2's own."""

from __future__ import annotations

import errno
import json
import socket
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from resources.app.app import App
from resources.app.node import node_variables, pm2_program
from resources.child_environment import child_environment
from resources.errors import AppStartError
from resources.redact import inert, redact

_ASK_SECONDS = 20.0
_TELL_SECONDS = 60.0
ONLINE = "online"


@dataclass(frozen=True)
class Process:
    """Of PM2's list only what is here: the rest holds the application's whole environment."""

    pm_id: int
    name: str
    pid: int | None
    status: str
    """online says only that a process was spawned."""
    restarts: int
    unstable_restarts: int
    up_since: float | None
    """Epoch seconds."""
    mode: str
    exec_path: str
    cwd: str
    memory: int | None
    """Bytes."""
    cpu: float | None
    """Per cent of one core."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def running_in(self) -> Path | None:
        """The folder that the process really works in, links resolved; None where it cannot be told."""
        try:
            return Path(psutil.Process(self.pid).cwd()) if self.pid else None
        except (psutil.Error, OSError):
            return None


@dataclass(frozen=True)
class Listing:
    """`unknown` says why PM2 could not be asked; the processes are then not none, but not known."""

    processes: tuple[Process, ...] = ()
    unknown: str | None = None


class Pm2:
    def __init__(self, app: App) -> None:
        self._app = app

    def listing(self) -> Listing:
        """The application's processes. Never starts PM2's daemon, which asking it would do."""
        if not self.daemon_runs:
            return Listing(unknown=f"no PM2 daemon runs with PM2_HOME={self._app.pm2_home}")
        code, said = self._pm2("jlist", seconds=_ASK_SECONDS)
        found = parse_list(said) if code == 0 else None
        if found is None:
            return Listing(unknown=f"`pm2 jlist` gave no list (exit {code}): {_shown(said)}")
        return Listing(tuple(one for one in found if one.name in self._app.names))

    @property
    def daemon_runs(self) -> bool:
        """Whether somebody listens where PM2 itself asks first.

        Its pid file says nothing: it outlives a daemon that was killed, and the number is another's by then.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(_ASK_SECONDS)
            try:
                asking.connect(str(self._app.pm2_home / "rpc.sock"))
            except OSError as error:
                # Of any other trouble, a foreign user's daemon for one, PM2 says more. None: too long a name.
                return error.errno not in (None, errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR)
        return True

    def start_or_reload(self, ecosystem: Path) -> None:
        """Raises AppStartError where PM2 says that it could not."""
        seconds = _TELL_SECONDS + self._app.ready_timeout
        self._tell("startOrReload", str(ecosystem), "--update-env", seconds=seconds)

    def delete(self) -> None:
        """Take the application out of PM2, whatever state it is in. Raises AppStartError."""
        listing = self.listing()
        if listing.unknown and self.daemon_runs:  # what is not known may run, and would go on
            raise self._failed("delete", listing.unknown)
        for name in sorted({one.name for one in listing.processes}):
            self._tell("delete", name)

    def save(self) -> None:
        """So that `pm2 resurrect` after a restart of the machine starts what runs now."""
        self._tell("save", "--force")

    def _tell(self, *arguments: str, seconds: float = _TELL_SECONDS) -> None:
        code, said = self._pm2(*arguments, seconds=seconds)
        if code != 0:
            raise self._failed(arguments[0], _shown(said) or f"exit {code}")

    def _failed(self, what: str, why: str) -> AppStartError:
        return AppStartError(
            f"pm2 {what} failed",
            where=f"PM2_HOME={self._app.pm2_home}",
            why=why,
            hint=f"PM2_HOME={self._app.pm2_home} pm2 logs {self._app.names[0]} --lines 50 --nostream",
        )

    def _pm2(self, *arguments: str, seconds: float) -> tuple[int | None, str]:
        """Exit code (None: it took too long) and what was said. Files, since a daemon keeps pipes open."""
        with tempfile.TemporaryFile() as out:
            try:
                done = subprocess.run(
                    [str(pm2_program(self._app)), *arguments],
                    cwd=self._app.folder if self._app.folder.is_dir() else "/",
                    env=child_environment(
                        node_variables(self._app), PM2_DISABLE_VERSION_CHECK="true", NO_COLOR="1"
                    ),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    timeout=seconds,
                    check=False,
                )
                code: int | None = done.returncode
            except subprocess.TimeoutExpired:
                code = None
            out.seek(0)
            return code, out.read().decode("utf-8", "replace")


def parse_list(said: str) -> list[Process] | None:
    """The processes in what `pm2 jlist` printed, or None. Banners before it may have brackets too."""
    decoder = json.JSONDecoder()
    at = said.find("[")
    while at >= 0:
        try:
            found, _ = decoder.raw_decode(said, at)
        except ValueError:
            found = None
        if isinstance(found, list) and all(isinstance(one, dict) and "pm_id" in one for one in found):
            return [_process(one) for one in found]
        at = said.find("[", at + 1)
    return None


def _process(given: dict[str, Any]) -> Process:
    env, monit = given.get("pm2_env") or {}, given.get("monit") or {}
    up = env.get("pm_uptime")
    return Process(
        pm_id=int(given["pm_id"]),
        name=str(given.get("name", "")),
        pid=int(given.get("pid") or 0) or None,
        status=str(env.get("status", "unknown")),
        restarts=int(env.get("restart_time") or 0),
        unstable_restarts=int(env.get("unstable_restarts") or 0),
        up_since=up / 1000 if isinstance(up, int | float) else None,
        mode=str(env.get("exec_mode", "")).removesuffix("_mode"),
        exec_path=str(env.get("pm_exec_path", "")),
        cwd=str(env.get("pm_cwd", "")),
        memory=monit.get("memory"),
        cpu=monit.get("cpu"),
    )


def _shown(said: str) -> str:
    """The lines that say something, without tables, which hold nothing of why."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and line.strip()[0] not in "┌├│└[{"]
    errors = [line for line in said.splitlines() if "[ERROR]" in line or "Error:" in line]
    return inert(redact("; ".join((errors or lines)[:3])))[:600]
