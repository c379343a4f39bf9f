"""What is replayed on a full backup to come to a moment, and what came after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from resources.backup.manifest import Manifest
from resources.backup.moment.logs import SERVER, LogFile
from resources.backup.moment.moment import Moment
from resources.mysql.binlog_event import Query, utc_time
from resources.mysql.binlog_transactions import Transaction
from resources.mysql.gtid_set import GtidSet


@dataclass(frozen=True)
class Single:
    """A statement that is replayed by itself: see `replay`."""

    file: str
    start: int
    end: int
    gtid: str
    queries: tuple[Query, ...]
    before: tuple[str, int] | None
    """(file, position) where the transaction before it ends; None where it is the first."""


@dataclass
class Run:
    """A run of transactions in the order of the log."""

    transactions: int = 0
    events: int = 0
    size: int = 0
    first: int = 0
    """Commit times of the first and the last, microseconds since 1970."""
    last: int = 0
    files: list[str] = field(default_factory=list)
    start: int = 4
    """Where it begins in its first file."""
    end: int = 4
    """Where it ends in its last file."""
    gtids: GtidSet = field(default_factory=GtidSet)
    anonymous: int = 0
    account_statements: int = 0
    singles: list[Single] = field(default_factory=list)

    def add(self, one: Transaction) -> None:
        if not self.transactions:
            self.first, self.start = one.committed, one.start
        of_accounts = any(query.is_of_accounts for query in one.queries)
        if of_accounts or any(query.may_be_of_event for query in one.queries):
            before = (self.files[-1], self.end) if self.files else None
            self.singles.append(Single(one.file, one.start, one.end, one.gtid_text, one.queries, before))
        self.transactions += 1
        self.events += one.events
        self.size += one.end - one.start
        self.last = max(self.last, one.committed)
        if not self.files or self.files[-1] != one.file:
            self.files.append(one.file)
        self.end = one.end
        if one.gtid.number:
            self.gtids.add(one.gtid.source, one.gtid.number)
        else:
            self.anonymous += 1
        self.account_statements += of_accounts

    def as_dict(self) -> dict[str, Any]:
        return {
            "transactions": self.transactions,
            "events": self.events,
            "bytes": self.size,
            "files": list(self.files),
            "from": utc_time(self.first) if self.first else "",
            "to": utc_time(self.last) if self.last else "",
        }


@dataclass
class Plan:
    base: Manifest
    moment: Moment
    files: dict[str, LogFile]
    """Everything that was brought, in order."""
    replayed: Run
    later: Run
    """What comes after the moment; complete only where `later_known`."""
    base_gtids: GtidSet
    """What the base holds; empty where it has no GTIDs."""
    later_known: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def reached(self) -> tuple[str, int]:
        """(binary log file, position) of the state that comes out."""
        if self.replayed.files:
            return self.replayed.files[-1], self.replayed.end
        return self.base.binlog_file, self.base.binlog_position

    @property
    def gtids(self) -> GtidSet:
        """The GTID set of that state."""
        found = self.base_gtids.copy()
        found.update(self.replayed.gtids)
        return found

    @property
    def sources(self) -> list[str]:
        """Ids of the backups from which something is replayed, and `the server`."""
        return list(dict.fromkeys(self.files[name].of for name in self.replayed.files))

    def as_dict(self) -> dict[str, Any]:
        file, position = self.reached
        return {
            "moment": str(self.moment),
            "base": self.base.id,
            "increments": [name for name in self.sources if name != SERVER],
            "from_the_server": SERVER in self.sources,
            "replayed": self.replayed.as_dict(),
            "reached": {
                "binlog": f"{file}:{position}",
                "gtids": str(self.gtids),
                "last_commit": utc_time(self.replayed.last) if self.replayed.last else "",
            },
            "notes": list(self.notes),
        }
