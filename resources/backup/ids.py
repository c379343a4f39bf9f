"""Backup ids: `20261123T101500Z-0001-full` (or `-incr`). They sort by age, whatever the clock does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from resources.errors import NoSuchBackupError

_TIME = "%Y%m%dT%H%M%SZ"
_PATTERN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9]{4}-(?:full|incr)", re.ASCII)
_LAST_NUMBER = 9999


def is_id(text: str) -> bool:
    return _PATTERN.fullmatch(text) is not None


def check_id(backup_id: str) -> str:
    """`backup_id` itself. Raises NoSuchBackupError, before any file is looked at, if it is not one."""
    if not is_id(backup_id):
        shown = backup_id if len(backup_id) <= 60 else backup_id[:60] + "…"
        raise NoSuchBackupError(
            f"{shown!r} is not a backup id",
            why="an id looks like 20261123T101500Z-0001-full",
            hint="dbsync backups list",
        )
    return backup_id


def next_id(existing: Iterable[str], now: datetime, kind: str = "full") -> str:
    """An id that sorts after all in `existing`, even after the clock was set back. kind: full or incr."""
    second = now.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    newest = max((name for name in existing if is_id(name)), default=None)
    if newest is None:
        return _format(second, 1, kind)
    time_text, number, _ = newest.split("-")
    newest_second = datetime.strptime(time_text, _TIME)
    if second > newest_second:
        return _format(second, 1, kind)
    if int(number) == _LAST_NUMBER:
        return _format(newest_second + timedelta(seconds=1), 1, kind)
    return _format(newest_second, int(number) + 1, kind)


def _format(second: datetime, number: int, kind: str) -> str:
    return f"{second.strftime(_TIME)}-{number:04d}-{kind}"
