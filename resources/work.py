"""Work that a process of its own does, so that the command which asked for it may be lost.

One folder for each under `<state>/work/`: `begun.json` (who does what, for which release),
`stdout` and `stderr` while it runs, `ended.json` (exit code, result, error) once it has ended.
No `ended.json` and no process any more: it was killed, and the journal knows how far it came.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from resources.durable_file import fsync_folder, write_durably
from resources.errors import NoSuchWorkError
from resources.file_lock import locked_file
from resources.mysql.process_identity import ProcessIdentity, identity_of
from resources.private_folder import make_private_folder
from resources.redact import redact_value

_KEPT = 50
"""Ended works whose output can still be read."""


@dataclass(frozen=True)
class Ended:
    exit_code: int
    result: Any
    """What `--json` would have printed, None where it came to none."""
    error: Mapping[str, Any] | None
    """A DbsyncError's `as_dict`."""

    @property
    def document(self) -> Any:
        return self.result if self.result is not None else {"ok": False, "error": self.error}


@dataclass(frozen=True)
class Work:
    folder: Path
    begun: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def verb(self) -> str:
        return str(self.begun["verb"])

    @property
    def pid(self) -> int:
        return int(self.begun["pid"])

    @property
    def stdout(self) -> Path:
        return self.folder / "stdout"

    @property
    def stderr(self) -> Path:
        return self.folder / "stderr"

    @property
    def is_alive(self) -> bool:
        """Whether its process still runs. Another host's counts as alive."""
        if self.begun["host"] != socket.gethostname():
            return True
        return ProcessIdentity(self.pid, str(self.begun["started"])).is_alive

    @property
    def is_running(self) -> bool:
        return self.ended() is None and self.is_alive

    def ended(self) -> Ended | None:
        try:
            told = json.loads((self.folder / "ended.json").read_bytes())
        except FileNotFoundError:
            return None
        return Ended(int(told["exit_code"]), told["result"], told["error"])

    def wrote(self, event: Mapping[str, Any]) -> bool:
        """Whether its process wrote this event of a journal."""
        return all(event.get(name) == self.begun[name] for name in ("host", "pid", "started"))


class Works:
    """The works of one project, oldest first."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "work"

    def create(self) -> Path:
        """A folder for the next one, named so that names sort by time.

        Raises EnvironmentCheckError and DiskFullError where it cannot be made.
        """
        make_private_folder(self._folder, "DBSYNC_STATE")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"
        folder = self._folder / f"{stamp}-{uuid4().hex[:6]}"
        folder.mkdir(mode=0o700)
        fsync_folder(self._folder)
        for old in [work for work in self.all() if not work.is_running][:-_KEPT]:
            shutil.rmtree(old.folder)
        return folder

    def all(self) -> list[Work]:
        return [
            Work(path.parent, json.loads(path.read_bytes()))
            for path in sorted(self._folder.glob("*/begun.json"))
        ]

    def find(self, named: str) -> Work | None:
        return next((work for work in self.all() if work.id == named), None)

    def last(self, run: str | None) -> Work:
        """The one that runs, else the last one; with `run` of those that this run of a workflow began.

        Raises NoSuchWorkError.
        """
        found = [work for work in self.all() if run is None or work.begun["run"] == run]
        if not found:
            whose = "this project" if run is None else "this run of the workflow"
            raise NoSuchWorkError(
                f"no command of {whose} went on by itself",
                where=str(self._folder),
                hint="dbsync status; dbsync join ID",
            )
        return next((work for work in reversed(found) if work.is_running), found[-1])

    def running(self, release: str) -> Work | None:
        """The one that runs for this release; "" is none."""
        same = [work for work in self.all() if release and work.begun["release"] == release]
        return next((work for work in same if work.is_running), None)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While one looks whether something runs and begins it otherwise: nobody else of this host does."""
        make_private_folder(self._folder, "DBSYNC_STATE")
        with locked_file(self._folder / "lock"):
            yield


def record_begin(folder: Path, pid: int, **facts: Any) -> Work:
    """`facts`: verb, arguments, target, release, run (of a workflow, or "")."""
    owner = identity_of(pid)
    begun = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "host": socket.gethostname(),
        "pid": owner.pid,
        "started": owner.started,
        **facts,
    }
    _write(folder / "begun.json", begun)
    return Work(folder, begun)


def record_end(folder: Path, ended: Ended) -> None:
    _write(
        folder / "ended.json",
        {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "exit_code": ended.exit_code,
            "result": ended.result,
            "error": ended.error,
        },
    )


def _write(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(redact_value(dict(value)), indent=2, ensure_ascii=False, default=str)
    write_durably(path, text.encode())
