"""Which binary log files hold everything since a backup, and whether they really do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO

from resources.backup.incremental.chain import FULL
from resources.backup.manifest import Manifest
from resources.errors import ChainBrokenError
from resources.mysql.binlog_fetch import ServerLog
from resources.mysql.binlog_file import BinlogDamagedError
from resources.mysql.binlog_transactions import BinlogReader, FileFacts, Transaction
from resources.mysql.gtid_set import GtidSet

_NUMBER = re.compile(r"(.+)\.(\d+)")
_CLOCK = 1.0
"""Seconds by which the two clocks may have moved against each other since the backup."""

Open = Callable[[str], AbstractContextManager[BinaryIO]]
"""The contents of a binary log file, by its name."""


@dataclass
class Contents:
    """What a run of binary log files holds beyond the backup that they continue."""

    transactions: int = 0
    first: int = 0
    """Commit times of the first and the last transaction: microseconds since 1970, UTC."""
    last: int = 0
    start_gtids: GtidSet = field(default_factory=GtidSet)
    end_gtids: GtidSet = field(default_factory=GtidSet)


def files_since(parent: Manifest, log: ServerLog) -> dict[str, int]:
    """The files (name → bytes) from the parent's end on. Raises ChainBrokenError where they are not there."""
    file, position = parent.binlog_file, parent.binlog_position
    if not file:
        raise broken(parent, "does not know where in the binary log it ends", "the server wrote none then")
    names = list(log.files)
    if file not in log.files:
        if names and is_earlier(file, names[0]):
            raise broken(
                parent,
                "cannot be continued: the server has removed binary logs since",
                f"{file} is needed, and the oldest one left is {names[0]} (PURGE BINARY LOGS,"
                " binlog_expire_logs_seconds)",
            )
        raise broken(parent, "cannot be continued: the binary log began anew", f"the server has no {file}")
    if log.files[file] < position:
        raise broken(
            parent,
            "cannot be continued: the binary log began anew",
            f"{file} has {log.files[file]:,} bytes, and the backup ends at {position:,}",
        )
    gone = GtidSet.parse(parent.gtid_executed).minus(GtidSet.parse(log.end.gtid_executed))
    if gone:
        raise broken(
            parent,
            "cannot be continued: the server has lost transactions that the backup holds",
            f"not in gtid_executed: {gone}",
        )
    return {name: log.files[name] for name in names[names.index(file) :]}


def is_earlier(file: str, than: str) -> bool:
    """By the number at their ends; False for files of another series."""
    one, other = _NUMBER.fullmatch(file), _NUMBER.fullmatch(than)
    return bool(one and other and one[1] == other[1] and int(one[2]) < int(other[2]))


class Continuation:
    """Binary log files that continue a backup, read in order; each is compared with the one before."""

    def __init__(
        self,
        parent: Manifest,
        *,
        clock_ahead: float = 0.0,
        history_of: str | None = None,
        folded: bool = False,
    ) -> None:
        """`clock_ahead`: seconds by which the server's clock is ahead of ours. Others: see BinlogReader."""
        self._parent = parent
        self._clock_ahead = clock_ahead
        self._history = {"history_of": history_of, "folded": folded}
        self._known = GtidSet.parse(parent.gtid_executed)
        self._before: FileFacts | None = None
        self.start_gtids = self._known.copy()
        self.end_gtids = self._known.copy()
        """Complete up to the last file that was read to its end."""
        self.parent_last = 0
        """Commit time of the last transaction in these files that the backup itself holds; microseconds."""

    def transactions(self, name: str, stream: BinaryIO, length: int, begin: int = 4) -> Iterator[Transaction]:
        """Those of the next file that came after the backup.

        `length`: bytes of it that count. `begin`: where to go on in the file that was read last, where
        it has grown. Raises ChainBrokenError for a gap, at the latest at the end; BinlogDamagedError.
        """
        first = self._before is None
        start = self._parent.binlog_position if first else 4
        aligned = start <= 4
        reader = BinlogReader(stream, name, length=length, **self._history)
        checked = False
        try:
            for one in reader.transactions():
                if not checked:
                    self._require_continues(name, reader.facts)
                    checked = True
                aligned = aligned or start in (one.start, one.end)
                if one.start < begin:
                    continue
                if is_since(one, start, self._known):
                    yield one
                    continue
                self.parent_last = max(self.parent_last, one.committed)
                if one.gtid.number:
                    self.start_gtids.add(one.gtid.source, one.gtid.number)
        except BinlogDamagedError as error:
            error.file = name
            raise
        if not checked:
            self._require_continues(name, reader.facts)
        if first and not aligned and start != reader.facts.begin:
            raise broken(
                self._parent,
                "cannot be continued: the binary log is not the one it was made with",
                f"in {name} no transaction begins or ends at {start}",
            )
        self.end_gtids.update(reader.facts.gtids)
        self._before = reader.facts

    def _require_continues(self, name: str, facts: FileFacts) -> None:
        """By what a file says of itself before its first transaction."""
        before, parent = self._before, self._parent
        if before is None:
            _require_same_log(parent, name, facts, self._clock_ahead)
            if not parent.gtid_executed:  # a backup by dump does not know them
                self.start_gtids.update(facts.previous)
                self.end_gtids.update(facts.previous)
        elif before.next_file not in ("", name):
            raise _gap(parent, f"{before.next_file} is next, and {name} is here")
        if missing := facts.previous.minus(self.end_gtids):
            raise _gap(parent, f"{name} follows transactions that no file holds: {missing}")


def read_since(
    parent: Manifest, files: Iterable[tuple[str, int]], open_file: Open, clock_ahead: float = 0.0
) -> Contents:
    """Read the files (name, bytes that count) to their ends. Raises as `Continuation` does."""
    continuation = Continuation(parent, clock_ahead=clock_ahead)
    found = Contents(start_gtids=continuation.start_gtids, end_gtids=continuation.end_gtids)
    for name, length in files:
        with open_file(name) as stream:
            for one in continuation.transactions(name, stream, length):
                require_rows(parent, one)
                found.transactions += 1
                found.first = found.first or one.committed
                found.last = max(found.last, one.committed)
    return found


def require_rows(parent: Manifest, one: Transaction) -> None:
    """Raises ChainBrokenError where rows came as a file (a restore does that): no log holds them."""
    if one.brings_files:
        raise broken(
            parent,
            "cannot be continued: tables came as files since, as a restore brings them",
            f"IMPORT TABLESPACE in {one.file} at {one.start}; those rows are in no binary log",
        )


def is_since(one: Transaction, start: int, known: GtidSet) -> bool:
    """Whether a transaction of a backup's last file came after it.

    By GTID where the backup knows them: transactions may become visible in another order than
    they are logged (binlog_order_commits). Else by position.
    """
    if known and one.gtid.number:
        return not known.has(one.gtid.source, one.gtid.number)
    return one.start >= start


def _require_same_log(parent: Manifest, name: str, facts: FileFacts, clock_ahead: float) -> None:
    """After RESET BINARY LOGS a file of the same name is another one."""
    ended = datetime.fromisoformat(parent.proof.at or parent.timestamp).timestamp()
    if facts.created - clock_ahead > ended + _CLOCK:
        made = datetime.fromtimestamp(facts.created, UTC).isoformat()
        raise broken(
            parent,
            "cannot be continued: the binary log began anew",
            f"{name} was begun at {made}, and the backup was complete at {parent.proof.at}",
        )


def broken(parent: Manifest, what: str, why: str) -> ChainBrokenError:
    return ChainBrokenError(
        f"backup {parent.id} {what}",
        where=f"it ends at {parent.binlog_file or 'an unknown place'}:{parent.binlog_position}",
        why=why,
        hint=FULL,
    )


def _gap(parent: Manifest, why: str) -> ChainBrokenError:
    return broken(parent, "cannot be continued: the binary log has a gap", why)
