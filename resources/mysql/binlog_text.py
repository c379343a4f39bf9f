"""Who changed which rows, from the text that `mysqlbinlog -v` prints."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO


class CannotTellError(Exception):
    """The binary log does not say what was asked; the text says why."""


@dataclass
class RowCounts:
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def total(self) -> int:
        return self.inserted + self.updated + self.deleted

    def add(self, other: RowCounts) -> None:
        self.inserted += other.inserted
        self.updated += other.updated
        self.deleted += other.deleted

    def as_dict(self) -> dict[str, int]:
        return {"inserted": self.inserted, "updated": self.updated, "deleted": self.deleted}


@dataclass(frozen=True)
class Session:
    """A connection. Thread numbers begin anew when the server does; `start` counts its starts
    within the part that was read, 0 being the one that was running at its beginning."""

    start: int
    thread: int


@dataclass(frozen=True)
class Statement:
    """A statement that the log holds as text: DDL."""

    session: Session
    database: str
    """The session's default database."""
    text: str


@dataclass
class Changes:
    """What happened in one database. Memory grows with tables and sessions, not with rows."""

    rows: dict[Session, dict[str, RowCounts]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    elsewhere: dict[Session, set[str]] = field(default_factory=dict)
    """Other databases in which a session changed rows."""
    starts: list[datetime] = field(default_factory=list)
    """When the server started again, in order; UTC, whole seconds."""
    file: str = ""
    position: int = 0
    """The end of what was read."""
    folded: bool = False
    """The server ignores case in names: those of databases and tables are in lower case here."""

    def add(self, later: Changes) -> None:
        """Append what was read from where this ended. Sessions after a restart stay apart."""
        shift = len(self.starts)
        for session, tables in later.rows.items():
            mine = self.rows.setdefault(Session(session.start + shift, session.thread), {})
            for table, counts in tables.items():
                mine.setdefault(table, RowCounts()).add(counts)
        for session, databases in later.elsewhere.items():
            self.elsewhere.setdefault(Session(session.start + shift, session.thread), set()).update(databases)
        self.statements += [
            Statement(Session(s.session.start + shift, s.session.thread), s.database, s.text)
            for s in later.statements
        ]
        self.starts += later.starts
        self.file, self.position, self.folded = later.file, later.position, later.folded


_HEADER = re.compile(
    rb"#\d{6} [ \d]\d:\d\d:\d\d server id \d+ +end_log_pos (\d+)(?: CRC32 0x[0-9a-f]+)?[ \t]+(.*)\n"
)
_AT = re.compile(rb"# at (\d+)\n")
_QUERY = re.compile(rb"Query\tthread_id=(\d+)\t")
_START = re.compile(rb"Start: binlog v \d+, server v .* created (\d{6}) ([ \d]\d:\d\d:\d\d) at startup")
_ROTATE = re.compile(rb"Rotate to (.+?)  pos: (\d+)")
_ROW = re.compile(rb"### (INSERT INTO|UPDATE|DELETE FROM) `((?:[^`]|``)*)`\.`((?:[^`]|``)*)`\n")
_USE = re.compile(rb"use `((?:[^`]|``)*)`/\*!\*/;\n")
_KINDS = {b"INSERT INTO": "inserted", b"UPDATE": "updated", b"DELETE FROM": "deleted"}
_CONTROL = re.compile(
    rb"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE\s+SAVEPOINT|XA\s+\w+|FLUSH)\b", re.IGNORECASE
)
_ROWS_AS_TEXT = re.compile(
    rb"\s*(?:/\*.*?\*/\s*)*(INSERT|UPDATE|DELETE|REPLACE|LOAD|WITH|CALL)\b", re.I | re.S
)
# A statement whose text is longer is kept up to here, and nobody may conclude anything from it.
LONGEST_TEXT = 1 << 20
_LONGEST_LINE = 1 << 16


def lines_of(pipe: IO[bytes]) -> Iterator[bytes]:
    """Lines, each cut after 64 KiB: one may hold a whole BLOB."""
    inside = False
    while chunk := pipe.readline(_LONGEST_LINE):
        if not inside:
            yield chunk
        inside = not chunk.endswith(b"\n")


class TextReader:
    """Reads events as they come. An event's own text is never taken for the next event:
    that begins only at the byte position which the event's header announced."""

    def __init__(self, database: str, file: str, position: int, folded: bool = False) -> None:
        self.changes = Changes(file=file, position=position, folded=folded)
        self._folded = folded
        self._database = self._fold(database)
        self._counts: dict[Session, dict[bytes, RowCounts]] = defaultdict(lambda: defaultdict(RowCounts))
        self._session: Session | None = None
        self._default = b""
        self._last_end: int | None = None
        self._at: int | None = None
        self._next_at: int | None = None
        self._body: list[bytes] | None = None
        self._body_size = 0
        self._in_rows = False
        self._at_line = False
        self._first_start = True
        self._last_database, self._other = b"", ""

    def read(self, lines: Iterable[bytes]) -> Changes:
        """Raises CannotTellError for rows that were logged as statements, and for odd text."""
        for line in lines:
            if line.startswith(b"###   "):
                continue  # a column's value: by far the most lines
            if self._at_line:
                self._at_line = False
                header = _HEADER.fullmatch(line)
                if header:
                    self._event(int(header[1]), header[2])
                    continue
            if line.startswith(b"# at ") and self._is_next(line):
                continue
            if self._body is not None:
                if self._body_size < LONGEST_TEXT:
                    self._body.append(line)
                    self._body_size += len(line)
            elif self._in_rows and line.startswith(b"### "):
                self._row(line)
        self._end_query()
        for session, tables in self._counts.items():
            mine = self.changes.rows[session] = {}
            for table, counts in tables.items():
                mine.setdefault(self._fold(_name(table)), RowCounts()).add(counts)
        return self.changes

    def _is_next(self, line: bytes) -> bool:
        """Whether this `# at N` begins the next event."""
        found = _AT.fullmatch(line)
        if not found:
            return False
        at = int(found[1])
        if self._body is not None and self._next_at is not None and at != self._next_at:
            return False  # a line of the statement's text that looks like one
        self._end_query()
        self._in_rows = False
        self._at, self._at_line = at, True
        return True

    def _event(self, end: int, text: bytes) -> None:
        # From the second file on mysqlbinlog counts `# at` from elsewhere, but steps are right.
        step = end - self._last_end if self._last_end is not None else None
        self._next_at = self._at + step if self._at is not None and step is not None and step >= 0 else None
        if end:
            self._last_end = end
            self.changes.position = end
        if query := _QUERY.match(text):
            self._session = Session(len(self.changes.starts), int(query[1]))
            self._body, self._body_size = [], 0
        elif text.startswith((b"Write_rows", b"Update_rows", b"Delete_rows")):
            self._in_rows = True
        elif text.startswith(b"Start: "):
            self._server_start(text)
        elif rotate := _ROTATE.match(text):
            self.changes.file, self.changes.position = rotate[1].decode(), int(rotate[2])
            self._last_end = None
        elif text.startswith((b"GTID", b"Anonymous_GTID", b"Gtid")):
            self._session = None

    def _server_start(self, text: bytes) -> None:
        started = _START.match(text)
        if started and not self._first_start:
            moment = f"{started[1].decode()} {started[2].decode().strip()}"
            self.changes.starts.append(datetime.strptime(moment, "%y%m%d %H:%M:%S").replace(tzinfo=UTC))
        self._first_start = False

    def _row(self, line: bytes) -> None:
        found = _ROW.fullmatch(line)
        if not found:
            if line not in (b"### SET\n", b"### WHERE\n") and not line.startswith(b"### Extra row "):
                raise CannotTellError(f"a line of the binary log cannot be read: {line[:80]!r}")
            return
        if self._session is None:
            raise CannotTellError("the binary log has row changes of no session")
        if found[2] != self._last_database:
            self._last_database = found[2]
            self._other = self._fold(_name(found[2]))
        if self._other != self._database:
            self.changes.elsewhere.setdefault(self._session, set()).add(self._other)
            return
        counts = self._counts[self._session][found[3]]
        kind = _KINDS[found[1]]
        setattr(counts, kind, getattr(counts, kind) + 1)

    def _end_query(self) -> None:
        if self._body is None or self._session is None:
            return
        body, self._body = self._body, None
        rest = 0
        for line in body:
            if used := _USE.fullmatch(line):
                self._default = used[1]
            elif not (line.startswith((b"SET ", b"/*!")) and line.endswith(b"/*!*/;\n")):
                break
            rest += 1
        text = b"".join(body[rest:])
        if _CONTROL.match(text):
            return
        if _ROWS_AS_TEXT.match(text):
            raise CannotTellError("rows were changed by statements that are logged as text, not as rows")
        statement = text[:LONGEST_TEXT].decode(errors="replace").removesuffix("/*!*/;\n").strip()
        default = self._fold(_name(self._default))
        self.changes.statements.append(Statement(self._session, default, statement))

    def _fold(self, name: str) -> str:
        return name.lower() if self._folded else name


def _name(escaped: bytes) -> str:
    return escaped.replace(b"``", b"`").decode(errors="replace")
