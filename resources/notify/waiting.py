"""One event on its way to one channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from resources.notify.event import Event

Progress = Literal["waiting", "held", "sending", "delivered", "given_up"]
FINAL = frozenset({"delivered", "given_up"})


@dataclass(frozen=True)
class Waiting:
    """Times in seconds since 1970."""

    id: str
    channel: str
    event: Event
    at: float
    """When the event happened."""
    since: float = 0.0
    """From when on it is being delivered: `at`, or when a person asked for it once more."""
    progress: Progress = "waiting"
    attempts: int = 0
    next_at: float = 0.0
    detail: str = ""

    @property
    def is_final(self) -> bool:
        return self.progress in FINAL

    def as_dict(self) -> dict[str, object]:
        return {
            "event": self.id,
            "channel": self.channel,
            "kind": self.event.kind,
            "about": self.event.about,
            "state": self.event.state,
            "at": text_of(self.at),
            "progress": self.progress,
            "attempts": self.attempts,
            "next_at": text_of(self.next_at) if self.next_at and not self.is_final else None,
            "detail": self.detail,
        }


def waiting_of(stored: Mapping[str, Any], channel: str, state: Mapping[str, Any]) -> Waiting:
    """`stored`: the event's file; `state`: that of its delivery, {} before the first attempt."""
    event = Event(stored["kind"], stored["about"], stored["state"], stored["facts"], stored["next"])
    return Waiting(
        id=stored["id"],
        channel=channel,
        event=event,
        at=stored["at"],
        since=stored.get("again", stored["at"]),
        progress=state.get("progress", "waiting"),
        attempts=state.get("attempts", 0),
        next_at=state.get("next_at", 0.0),
        detail=state.get("detail", ""),
    )


def text_of(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
