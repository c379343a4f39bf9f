"""Every message is on the disk before it is sent, and stays until it was taken or given up.

    <storage>/outbox/events/<id>.json           an event and its channels; written once
    <storage>/outbox/states/<id>.<channel>.json how far its delivery to that channel is
    <storage>/outbox/done/<id>.json             an event that is delivered or given up everywhere
    <storage>/outbox/channels/<channel>.json    how that channel did lately

An id says when, a digest of (kind, about), one of the state, and something random: what was told
already is read off file names, so there is no second record that a crash could leave behind.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from resources.durable_file import fsync_folder, write_durably
from resources.file_lock import locked_file
from resources.notify.bounded import bounded, bounded_event
from resources.notify.event import Event
from resources.notify.event_id import is_about, is_about_the_same, is_same_state, new_id, time_of
from resources.notify.waiting import Progress, Waiting, waiting_of

_PATIENCE = 10.0
"""Seconds that a person's command waits for whoever is sending."""
KEPT = 7 * 86400.0
"""Seconds that an event stays in `done`."""


class Outbox:
    def __init__(self, storage: Path) -> None:
        self.folder = storage / "outbox"
        self._events = self.folder / "events"
        self._states = self.folder / "states"
        self._done = self.folder / "done"
        self._channels = self.folder / "channels"

    def put(self, event: Event, channels: Sequence[str], repeat: float) -> str | None:
        """Store the event for these channels; its id, or None where the same was told within `repeat`.

        On the disk when this returns. Raises OSError, DiskFullError.
        """
        event = bounded_event(event)
        for folder in (self._events, self._states, self._done, self._channels):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked("outbox"):
            now = time.time()
            if repeat and self._told(event, now, repeat):
                return None
            identity = new_id(event, now)
            stored = {
                "id": identity,
                "at": now,
                "kind": event.kind,
                "about": event.about,
                "state": event.state,
                "next": event.next_command,
                "facts": event.facts,
                "channels": list(channels),
            }
            self._write(self._events / f"{identity}.json", stored)
            return identity

    def knows_of(self, about: str) -> bool:
        """Whether there is, or lately was, an event of any kind about this thing."""
        return any(is_about(name, about) for name in self._names())

    def add_channels(self, identity: str, channels: Sequence[str]) -> None:
        """These are to be told of the event too."""
        with self._locked("outbox"):
            path = self._events / f"{identity}.json"
            stored = read_json(path)
            if stored:
                named = [*stored["channels"], *(one for one in channels if one not in stored["channels"])]
                self._write(path, {**stored, "channels": named})

    def of(self, identity: str) -> list[Waiting]:
        """One event's deliveries; [] once it is in `done`."""
        return self._of(read_json(self._events / f"{identity}.json"))

    def waiting(self) -> list[Waiting]:
        """Everything that is not in `done`, oldest first."""
        return [one for path in _files(self._events) for one in self._of(read_json(path))]

    def done(self) -> list[Waiting]:
        found: list[Waiting] = []
        for path in _files(self._done):
            stored = read_json(path)
            for name, state in stored.get("deliveries", {}).items():
                found.append(waiting_of(stored, name, state))
        return found

    def look(self, one: Waiting) -> Waiting | None:
        """The same as it is now; None where the event is finished."""
        stored = read_json(self._events / f"{one.id}.json")
        return waiting_of(stored, one.channel, self._state(one.id, one.channel)) if stored else None

    def mark(self, one: Waiting, progress: Progress, detail: str = "", next_at: float = 0.0) -> Waiting:
        """Record how far it is, and file the event away once it is finished everywhere."""
        attempts = one.attempts + (progress == "sending")
        marked = replace(one, progress=progress, detail=detail, next_at=next_at, attempts=attempts)
        state = {"progress": progress, "attempts": attempts, "next_at": next_at, "detail": bounded(detail)}
        self._write(self._states / f"{one.id}.{one.channel}.json", {**state, "at": time.time()})
        if marked.is_final:
            with self._locked("outbox"):
                self._file_away(one.id)
        return marked

    def again(self) -> int:
        """Everything that waits is due now, and what was given up is tried once more; how many there are."""
        with self._locked("outbox"):
            for path in _files(self._done):
                self._bring_back(path)
            for path in _files(self._events):
                self._write(path, {**read_json(path), "again": time.time()})
        waiting = [one for one in self.waiting() if one.progress != "delivered"]
        return sum(self._is_due_again(one) for one in waiting)

    def _is_due_again(self, one: Waiting) -> bool:
        """False where it was delivered meanwhile."""
        with self.channel_lock(one.channel, _PATIENCE) as held:
            now = self.look(one) if held else one
            if now is None or now.progress == "delivered":
                return False
            if held:
                self.mark(now, "held" if now.progress == "held" else "waiting", now.detail)
            return True

    def channel_state(self, channel: str) -> dict[str, Any]:
        """last_ok, last_failure, failing_since (seconds since 1970), detail, slow, sent (times)."""
        return read_json(self._channels / f"{channel}.json")

    def note_channel(self, channel: str, **facts: object) -> None:
        self._write(self._channels / f"{channel}.json", {**self.channel_state(channel), **facts})

    @contextmanager
    def channel_lock(self, channel: str, seconds: float) -> Iterator[bool]:
        """Whoever holds it is the only one that sends to that channel. The kernel frees it of the dead.

        False where it did not become free in time.
        """
        with self._locked(f"channel-{channel}", seconds) as held:
            yield held

    def tidy(self, keep: float) -> None:
        """Remove what was finished longer than `keep` seconds ago, and states without an event."""
        with self._locked("outbox"):
            for path in _files(self._events):
                self._file_away(path.stem)  # of a process that was killed before it did
            for path in _files(self._done):
                if time.time() - time_of(path.stem) > keep:
                    path.unlink(missing_ok=True)
            for path in _files(self._states):
                if not (self._events / f"{path.stem.rpartition('.')[0]}.json").exists():
                    path.unlink(missing_ok=True)

    # --- inside ---

    def _told(self, event: Event, now: float, repeat: float) -> bool:
        """Whether the newest event about the same thing has the same state and is young."""
        same = [name for name in self._names() if is_about_the_same(name, event)]
        newest = max(same, default=None)
        return newest is not None and is_same_state(newest, event) and 0 <= now - time_of(newest) <= repeat

    def _names(self) -> list[str]:
        return [path.stem for folder in (self._events, self._done) for path in _files(folder)]

    def _of(self, stored: dict[str, Any]) -> list[Waiting]:
        return [
            waiting_of(stored, name, self._state(stored["id"], name)) for name in stored.get("channels", ())
        ]

    def _state(self, identity: str, channel: str) -> dict[str, Any]:
        return read_json(self._states / f"{identity}.{channel}.json")

    def _file_away(self, identity: str) -> None:
        path = self._events / f"{identity}.json"
        stored = read_json(path)
        found = self._of(stored)
        if not stored or not all(one.is_final for one in found):
            return
        states = {one.channel: self._state(identity, one.channel) for one in found}
        # With the outcome in it first, then the one rename: a crash between them repeats no message.
        self._write(path, {**stored, "deliveries": states})
        path.replace(self._done / path.name)
        fsync_folder(self._done)
        fsync_folder(self._events)
        for one in found:
            (self._states / f"{identity}.{one.channel}.json").unlink(missing_ok=True)

    def _bring_back(self, path: Path) -> None:
        stored = read_json(path)
        states = stored.pop("deliveries", {})
        if not any(state.get("progress") == "given_up" for state in states.values()):
            return
        for channel, state in states.items():
            if state.get("progress") != "given_up":
                self._write(self._states / f"{path.stem}.{channel}.json", state)
        self._write(self._events / path.name, stored)
        path.unlink()

    def _write(self, path: Path, value: dict[str, Any]) -> None:
        write_durably(path, json.dumps(value, ensure_ascii=False, default=str).encode())

    @contextmanager
    def _locked(self, name: str, seconds: float | None = None) -> Iterator[bool]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked_file(self.folder / f"{name}.lock", seconds=seconds) as held:
            yield held


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def read_json(path: Path) -> dict[str, Any]:
    """An object; {} where it is not there (any more) or is no JSON."""
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}
