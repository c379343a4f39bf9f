"""What people are told: one event, whatever the channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Kind = Literal[
    "success",
    "failure",
    "rollback",
    "rollback_incomplete",
    "drift",
    "backup",
    "monitoring",
    "decision",
    "heartbeat",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
URGENT: frozenset[Kind] = frozenset({"rollback_incomplete", "decision"})
"""No rate limit holds these back: a person has to act."""


@dataclass(frozen=True)
class Event:
    """Something that happened. `docs/alerts.md` says what each kind means.

    The same state of the same (kind, about) is not told again within NOTIFY_REPEAT.
    """

    kind: Kind
    about: str
    """The thing told of: a deployment's id, a target's name, a metric."""
    state: str
    """How that thing stands now: one word or a few."""
    facts: Mapping[str, object] = field(repr=False)
    """JSON-ready. `target`, `reason` and `error` come first in a message; NOTIFICATION_WEBHOOK gets all."""
    next_command: str
    """What to type next; the last line of every message."""
