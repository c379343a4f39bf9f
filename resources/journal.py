"""What is true after a crash: each deployment's phases, appended and fsynced one line at a time.

One file per deployment under `<storage>/journal/`. Dagster's event log is a view of
the same events; a killed run leaves no hook and no failure event behind, this file it leaves.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from resources.durable_file import disk_full, fsync_folder
from resources.errors import NothingToRollBackError
from resources.mysql.process_identity import ProcessIdentity, identity_of
from resources.redact import redact_value

FINAL_PHASES = frozenset({"released", "failed", "rolled_back", "restored", "abandoned"})
"""After these nothing is owed any more."""
WAITING_PHASES = frozenset({"rollback_refused"})
"""A person has to decide; the next start repeats the question, it does not decide."""


@dataclass(frozen=True)
class DeploymentRecord:
    """One deployment as its journal tells it."""

    id: str
    target: str
    phase: str
    """The last one that was recorded."""
    begun_at: str
    facts: Mapping[str, Any] = field(repr=False)
    """All events' facts merged, later ones winning; `threads` is the union of all."""
    events: tuple[Mapping[str, Any], ...] = field(repr=False)

    def reached(self, phase: str) -> bool:
        return any(event["phase"] == phase for event in self.events)

    @property
    def is_final(self) -> bool:
        return self.phase in FINAL_PHASES

    @property
    def changed_something(self) -> bool:
        """Whether migrations of it are, or may be, in the database still."""
        return (
            self.reached("applying")
            and self.phase not in ("rolled_back", "failed")
            and self.facts.get("applied_migrations") != []
        )

    @property
    def is_local(self) -> bool:
        """Whether the process that wrote the last event ran on this machine."""
        return self.events[-1].get("host") == socket.gethostname()

    @property
    def owner_is_alive(self) -> bool:
        """Whether the process that wrote the last event still runs. Another host's counts as alive."""
        last = self.events[-1]
        if not self.is_local:
            return True
        return ProcessIdentity(int(last["pid"]), str(last["started"])).is_alive

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "target": self.target,
            "phase": self.phase,
            "begun_at": self.begun_at,
            "phases": [{"phase": event["phase"], "at": event["at"]} for event in self.events],
            "backup_id": self.facts.get("backup_id"),
        }


class Journal:
    """The deployments under one storage folder."""

    def __init__(self, storage: Path, kind: str | None = None) -> None:
        """`kind`: a journal of its own for something else than deployments ("restores")."""
        self._folder = storage / "journal" / (kind or "")

    def begin(self, target: str, **facts: Any) -> str:
        """Open a deployment; returns its id, which sorts by time."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = datetime.now(UTC)
        known = [path.stem for path in self._folder.glob("*.jsonl")]
        stamp = now.strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"
        # A clock that jumped back must not let a new deployment sort before an older one.
        latest = max((name.split("-")[0] for name in known), default="")
        deployment = f"{max(stamp, latest)}-{len(known):05d}-{uuid4().hex[:6]}"
        self._append(deployment, "begun", {"target": target, **facts}, os.O_EXCL)
        fsync_folder(self._folder)
        return deployment

    def record(self, deployment: str, phase: str, **facts: Any) -> None:
        """Add an event. Returns once it is on the disk. Raises DiskFullError."""
        self._append(deployment, phase, facts, 0)

    def get(self, deployment: str) -> DeploymentRecord:
        """Raises NothingToRollBackError for an unknown id."""
        path = self._folder / f"{deployment}.jsonl"
        if path.parent != self._folder or "/" in deployment or not path.is_file():
            raise NothingToRollBackError(
                f"no deployment has the id {deployment!r}", where=str(self._folder), hint="dbsync status"
            )
        return _read(path)

    def all(self) -> list[DeploymentRecord]:
        """Every deployment, oldest first."""
        return [_read(path) for path in sorted(self._folder.glob("*.jsonl")) if path.stat().st_size]

    def newest(self, count: int) -> list[DeploymentRecord]:
        """The last so many of all targets, oldest first."""
        paths = [path for path in sorted(self._folder.glob("*.jsonl")) if path.stat().st_size]
        return [_read(path) for path in paths[-count:]]

    def unfinished(self, target: str) -> list[DeploymentRecord]:
        """Deployments of this target that owe something, oldest first."""
        return [entry for entry in self.all() if entry.target == target and not entry.is_final]

    def _append(self, deployment: str, phase: str, facts: Mapping[str, Any], flags: int) -> None:
        me = identity_of(os.getpid())
        event = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "deployment": deployment,
            "phase": phase,
            "host": socket.gethostname(),
            "pid": me.pid,
            "started": me.started,
            **facts,
        }
        line = json.dumps(redact_value(event), ensure_ascii=False, default=str)
        path = self._folder / f"{deployment}.jsonl"
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | flags, 0o600)
            try:
                # The newline first: a line torn by a crash then spoils only itself.
                data = f"\n{line}\n".encode()
                while data:  # a nearly full disk takes a part without an error
                    data = data[os.write(fd, data) :]
                os.fsync(fd)
            finally:
                os.close(fd)
        except OSError as error:
            raise disk_full(error, path) from error


def _read(path: Path) -> DeploymentRecord:
    events: list[dict[str, Any]] = []
    # Not splitlines: it would also split at a U+2028 inside a value.
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            event = json.loads(line)
        except ValueError:
            continue  # torn by a crash: it was never acknowledged, so nothing was built on it
        if isinstance(event, dict) and "phase" in event:
            events.append(event)
    if not events:
        events = [
            {"phase": "begun", "at": "", "target": "", "pid": 0, "started": "", "host": socket.gethostname()}
        ]
    facts: dict[str, Any] = {}
    threads: list[int] = []
    for event in events:
        threads += [thread for thread in event.get("threads", ()) if thread not in threads]
        facts.update(event)
    facts["threads"] = threads
    return DeploymentRecord(
        id=path.stem,
        target=str(facts.get("target", "")),
        phase=str(events[-1]["phase"]),
        begun_at=str(events[0]["at"]),
        facts=facts,
        events=tuple(events),
    )
