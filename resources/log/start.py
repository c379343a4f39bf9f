"""Begins the log of this process."""

from __future__ import annotations

from resources import progress
from resources.log.file import LogFile
from resources.log.listener import LineListener
from resources.log.place import LogPlace

_running: tuple[LogPlace, LineListener] | None = None


def start_log(place: LogPlace | None, target: str) -> None:
    """From here on everything that progress is told is written to `place`; None ends that.

    Once for the process: a second call with another place moves the log there.
    """
    global _running
    progress.circumstances.target = target
    if _running is not None:
        if _running[0] == place:
            return
        progress.leave(_running[1])
        _running = None
    if place is not None:
        listener = LineListener(LogFile(place).write)
        progress.listen(listener)
        _running = place, listener
