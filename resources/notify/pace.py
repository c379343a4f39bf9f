"""How many messages a channel has had lately, and when what was held back may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Pace:
    """Beyond `rate` (so many in so many seconds) messages are held, and go as one summary at a time.

    Summaries come at most every (seconds / number), so that a flood is at most twice the rate.
    """

    def __init__(self, rate: tuple[int, float], state: Mapping[str, Any], now: float) -> None:
        self._most, self._window = rate
        self._now = now
        # A time ahead of us is one from before a clock was set back.
        self._sent = [at for at in state.get("sent", ()) if 0 <= now - at < self._window]
        self._summary_at = float(state.get("summary_at", 0.0))

    @property
    def is_full(self) -> bool:
        return len(self._sent) >= self._most

    @property
    def next_summary(self) -> float:
        """When what is held now goes out."""
        waits = 0 < self._summary_at - self._now <= self._step
        return self._summary_at if waits else self._now + self._step

    @property
    def _step(self) -> float:
        return self._window / self._most

    def with_one_more(self) -> dict[str, object]:
        """The channel's facts after a message was sent."""
        return {"sent": [*self._sent, self._now][-self._most :]}
