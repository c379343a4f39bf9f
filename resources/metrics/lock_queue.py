"""The queue behind a metadata lock, and the session that the whole queue waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pymysql

from resources.metrics.reading import read
from resources.metrics.sample import Sample
from resources.mysql.connection import Connection, Row, is_lost, rows, value
from resources.prisma.blockers import Blocker, describe, find_blockers
from resources.redact import inert, redact
from resources.target import Target

_FIGURES = ("table_lock_waits", "lock_queue_s")
_LOOKED_AT = 5
"""Waiting sessions whose blockers are asked for: they queue one behind the other."""
# Not USER LEVEL LOCK: a second deployment that waits for the first one is in order.
_WAITING = """
    SELECT t.processlist_id, t.processlist_time
    FROM performance_schema.metadata_locks p
    JOIN performance_schema.threads t ON t.thread_id = p.owner_thread_id
    WHERE p.lock_status = 'PENDING' AND p.object_type <> 'USER LEVEL LOCK'
      AND t.processlist_id IS NOT NULL
    ORDER BY t.processlist_time DESC"""
_RECORDED = "SELECT COUNT(*) FROM performance_schema.metadata_locks"
# What an account without performance_schema sees: its own sessions.
_SEEN_WAITING = """
    SELECT id, time FROM information_schema.processlist
    WHERE state LIKE 'Waiting for%metadata lock' ORDER BY time DESC"""
_DIGEST = """
    SELECT s.digest_text FROM performance_schema.events_statements_current s
    JOIN performance_schema.threads t USING (thread_id)
    WHERE t.processlist_id = %s AND s.nesting_event_level = 0"""


def lock_queue(connection: Connection, target: Target, sample: Sample) -> None:
    """How many wait and for how long; texts `lock_queue` and `lock_blocker` (its connection's id)."""

    def look() -> None:
        waiting = rows(connection, _WAITING)
        # The question itself holds such a lock: none at all means that the server does not record them.
        if waiting or value(connection, _RECORDED):
            _tell(connection, target, sample, waiting)
        else:
            sample.unknown(_FIGURES, "performance_schema, or its instrument of metadata locks, is off")

    read(sample, _FIGURES, look, "GRANT SELECT ON performance_schema.*")
    if sample.figures["table_lock_waits"] is None:
        seen: list[Row] = []
        read(sample, (), lambda: seen.extend(rows(connection, _SEEN_WAITING)))
        if seen:
            for name in _FIGURES:
                del sample.reasons[name]
            _tell(connection, target, sample, seen)
    sample.raw["lock_queue_looked_for"] = 1


def _tell(connection: Connection, target: Target, sample: Sample, waiting: Sequence[Row]) -> None:
    waits = {int(thread): int(seconds or 0) for thread, seconds in waiting}
    sample.figures["table_lock_waits"] = len(waits)
    if not waits:
        # No queue is no queue of 0 seconds, which is one that has just begun.
        sample.unknown(["lock_queue_s"], "nobody waits")
        return
    sample.figures["lock_queue_s"] = max(waits.values())
    blockers = _roots(connection, target, waits)
    count = f"{len(waits)} sessions wait" if len(waits) > 1 else "1 session waits"
    sample.texts["lock_queue"] = (
        f"{count} for a metadata lock, the longest for {max(waits.values())} s: {describe(blockers)}"
    )
    sample.texts["lock_blocker"] = str(blockers[0].connection_id) if blockers else "unknown"


def _roots(connection: Connection, target: Target, waits: dict[int, int]) -> list[Blocker]:
    """Who holds what the first waits for, and waits for nobody itself; the oldest first."""
    found: dict[int, Blocker] = {}
    for thread in list(waits)[:_LOOKED_AT]:
        for blocker in find_blockers(connection, thread, target.database, own=tuple(waits)):
            if blocker.connection_id not in waits:
                found.setdefault(blocker.connection_id, blocker)
    oldest = sorted(found.values(), key=lambda blocker: -blocker.seconds)
    return [replace(one, statement=_digest(connection, one)) for one in oldest]


def _digest(connection: Connection, blocker: Blocker) -> str:
    """Its statement without the values in it, which may be anybody's: this text is kept, and sent."""
    try:
        found = rows(connection, _DIGEST, (blocker.connection_id,))
    except pymysql.err.MySQLError as error:
        if is_lost(error):
            raise
        return ""
    return inert(redact(" ".join(str(found[0][0] or "").split())))[:200] if found else ""
