"""What became of one message to one channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Delivery:
    """`status`: the HTTP status, None where there was none. `detail`: one line without secrets."""

    ok: bool
    status: int | None
    detail: str
    channel: str = ""
    event: str = ""
    """The event's id, which every message holds."""
    slow: bool = False
    """Whether it was the time that ran out."""
    retry_after: float = 0.0
    """Seconds the service asked to be left alone for."""

    def as_dict(self) -> dict[str, object]:
        return {
            "channel": self.channel,
            "event": self.event,
            "ok": self.ok,
            "status": self.status,
            "detail": self.detail,
        }
