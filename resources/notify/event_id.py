"""An event's id: when, a digest of what it is about, one of its state, and something random."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

from resources.notify.event import KINDS, Event

_TIME = "%Y%m%dT%H%M%S"


def new_id(event: Event, now: float) -> str:
    """Sorts by time. `now`: seconds since 1970."""
    return f"{_stamp(now)}-{_about(event)}-{_digest(event.state)}-{uuid4().hex[:6]}"


def is_about_the_same(identity: str, event: Event) -> bool:
    """Whether the id is of an event of the same kind about the same thing."""
    return identity.split("-")[1:2] == [_about(event)]


def is_about(identity: str, about: str) -> bool:
    """Whether the id is of an event of any kind about this thing."""
    return identity.split("-")[1:2] in [[_digest(f"{kind}\0{about}")] for kind in KINDS]


def is_same_state(identity: str, event: Event) -> bool:
    return identity.split("-")[2:3] == [_digest(event.state)]


def _about(event: Event) -> str:
    return _digest(f"{event.kind}\0{event.about}")


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _stamp(now: float) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment.strftime(_TIME)}.{moment.microsecond // 1000:03d}Z"


def time_of(identity: str) -> float:
    """When the event of this id happened; 0 for what is no id."""
    try:
        return datetime.strptime(identity.split("-")[0], f"{_TIME}.%fZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
