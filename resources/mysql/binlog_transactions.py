"""A binary log file as a sequence of transactions, and what can be told of the file as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from resources.mysql import binlog_event as kinds
from resources.mysql.binlog_event import Gtid, Query
from resources.mysql.binlog_file import LONGEST_BODY, BinlogDamagedError, read_events
from resources.mysql.binlog_rows import TableMap, events_of_payload, table_map, texts_of_column
from resources.mysql.gtid_set import GtidSet, gtid_text
from resources.mysql.schema import HISTORY_TABLE

_WANTED = frozenset({kinds.ROTATE, kinds.QUERY, kinds.PREVIOUS_GTIDS, *kinds.BEGINNINGS})
_WANTED_FOR_NAMES = _WANTED | {kinds.TABLE_MAP, kinds.WRITE_ROWS, kinds.PAYLOAD}
_NAME_COLUMN = 3
"""Of `migration_name` in Prisma's own table, which it always makes alike."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction, or one statement that is logged by itself. Positions are bytes in its file."""

    file: str
    start: int
    end: int
    events: int
    gtid: Gtid
    committed: int
    """Microseconds since 1970, UTC, by the server's clock."""
    queries: tuple[Query, ...] = ()
    """DDL, and whatever else the log holds as text."""
    migrations: tuple[str, ...] = ()
    """Names whose rows it inserted into Prisma's own table; only where they were asked for."""

    @property
    def gtid_text(self) -> str:
        """ "" where the server has no GTIDs."""
        return gtid_text(self.gtid.source, self.gtid.number) if self.gtid.number else ""

    @property
    def brings_files(self) -> bool:
        """Whether rows came with it that no log holds."""
        return any(query.brings_files for query in self.queries)


@dataclass
class FileFacts:
    """What is known of a file after it was read; `created` and `previous` after its first transaction."""

    created: int = 0
    """Seconds since 1970, UTC, by the server's clock."""
    previous: GtidSet = field(default_factory=GtidSet)
    """All transactions of the files before."""
    gtids: GtidSet = field(default_factory=GtidSet)
    """Those of this file."""
    transactions: int = 0
    anonymous: int = 0
    """Transactions without a GTID."""
    events: int = 0
    next_file: str = ""
    """Empty where the file does not say: the server writes to it still, or was stopped."""
    begin: int = 4
    """Where the first transaction begins, if there is one."""


class BinlogReader:
    """Reads one file once. `facts` is complete when `transactions` has ended."""

    def __init__(
        self,
        stream: BinaryIO,
        file: str,
        *,
        length: int | None = None,
        history_of: str | None = None,
        folded: bool = False,
    ) -> None:
        """`length`: of the part that counts, whole transactions. `history_of`: the database whose
        migrations are wanted; `folded`: its name is written in lower or upper case, as it happens."""
        self.facts = FileFacts()
        self._file = file
        self._folded = folded
        self._history_of = self._fold(history_of) if history_of is not None else None
        wanted = _WANTED if history_of is None else _WANTED_FOR_NAMES
        self._events = read_events(stream, wanted, length)
        self._table: TableMap | None = None
        self._names: list[str] = []

    def transactions(self) -> Iterator[Transaction]:
        """Raises BinlogDamagedError; also where the server itself noted that it lost events."""
        facts = self.facts
        begin: tuple[int, Gtid, int, int] | None = None
        queries: list[Query] = []
        last_end = 0
        for event in self._events:
            facts.events += 1
            kind = event.kind
            if begin is not None and (kind in kinds.BEGINNINGS or kind in (kinds.ROTATE, kinds.STOP)):
                yield self._finish(begin, event.start, queries)
                begin, queries = None, []
            if kind in kinds.BEGINNINGS:
                gtid = kinds.gtid(kind, event.body)
                begin = (event.start, gtid, gtid.committed or event.written * 1_000_000, facts.events)
            elif kind == kinds.QUERY:
                found = kinds.query(event.body)
                if not found.is_control:
                    queries.append(found)
            elif kind == kinds.FORMAT:
                facts.created = event.written
                facts.begin = event.end
            elif kind == kinds.PREVIOUS_GTIDS:
                facts.previous = kinds.previous_gtids(event.body)
                facts.begin = event.end
            elif kind == kinds.ROTATE:
                facts.next_file = kinds.rotate(event.body)
            elif kind == kinds.INCIDENT:
                raise BinlogDamagedError(
                    event.start, "a transaction", "an incident: the server lost events here"
                )
            elif self._history_of is not None:
                self._look_for_names(kind, event.body)
            last_end = event.end
        if begin is not None:
            yield self._finish(begin, last_end, queries)

    def _finish(self, begin: tuple[int, Gtid, int, int], end: int, queries: list[Query]) -> Transaction:
        start, gtid, committed, first_event = begin
        self.facts.transactions += 1
        if gtid.number:
            self.facts.gtids.add(gtid.source, gtid.number)
        else:
            self.facts.anonymous += 1
        names, self._names = tuple(self._names), []
        self._table = None
        events = self.facts.events - first_event
        return Transaction(self._file, start, end, events, gtid, committed, tuple(queries), names)

    def _look_for_names(self, kind: int, body: bytes) -> None:
        if kind == kinds.PAYLOAD:
            for inner_kind, inner in events_of_payload(body, LONGEST_BODY):
                if inner_kind != kinds.PAYLOAD:
                    self._look_for_names(inner_kind, inner)
        elif kind == kinds.TABLE_MAP:
            found = table_map(body)
            ours = (self._fold(found.database), self._fold(found.table)) == (self._history_of, HISTORY_TABLE)
            self._table = found if ours else None
        elif kind == kinds.WRITE_ROWS and self._table is not None:
            self._names += texts_of_column(body, self._table, _NAME_COLUMN)

    def _fold(self, name: str) -> str:
        return name.lower() if self._folded else name
