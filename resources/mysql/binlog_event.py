"""What the events of a binary log say, from their bytes (MySQL 5.7 to 9.x)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from resources.mysql.gtid_set import GtidSet, Source

QUERY, STOP, ROTATE, FORMAT, XID, TABLE_MAP, INCIDENT = 2, 3, 4, 15, 16, 19, 26
WRITE_ROWS, GTID, ANONYMOUS_GTID, PREVIOUS_GTIDS = 30, 33, 34, 35
PAYLOAD, GTID_TAGGED = 40, 42
BEGINNINGS = frozenset({GTID, ANONYMOUS_GTID, GTID_TAGGED})
HEADER = 19
"""Bytes of every event's header."""

_TAGGED = 1 << 55
"""Of a commit time: the original server's follows."""
_COMMENTS = re.compile(rb"(?:\s+|--[ \t][^\n]*\n|#[^\n]*\n|/\*[^!].*?\*/|/\*!\d*|\*/)*", re.DOTALL)
_ACCOUNTS = re.compile(
    rb"(?:(?:CREATE|ALTER|DROP|RENAME)\s+(?:USER|ROLE)|GRANT|REVOKE|SET\s+(?:PASSWORD|DEFAULT\s+ROLE)|FLUSH)\b",
    re.I,
)
_EVENT = re.compile(rb"(?:CREATE|ALTER)\b.{0,400}?\bEVENT\b", re.I | re.DOTALL)
_NAME = rb"(?:`(?:[^`]|``)+`|[^\s`.]+)"
_IMPORT = re.compile(
    rb"ALTER\s+TABLE\s+(?:%b\s*\.\s*)?%b\s*IMPORT\s+(?:PARTITION\b.*\s)?TABLESPACE\b" % (_NAME, _NAME),
    re.I | re.DOTALL,
)
_CONTROL = re.compile(rb"(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|XA)\b", re.I)


@dataclass(frozen=True)
class Gtid:
    """The beginning of a transaction. `number` is 0 where the server has no GTIDs."""

    source: Source
    number: int
    committed: int
    """Microseconds since 1970, UTC, by the server's clock; 0 where the event does not say."""


@dataclass(frozen=True)
class Query:
    """A statement that the log holds as text; only its beginning where it is long."""

    database: str
    """The session's default database."""
    text: bytes
    invoker: tuple[str, str] | None = None
    """(user, host) of who ran it, where it makes something that belongs to somebody."""

    @property
    def beginning(self) -> int:
        """Where the statement begins, behind comments."""
        found = _COMMENTS.match(self.text)
        return found.end() if found else 0

    @property
    def _start(self) -> bytes:
        return self.text[self.beginning :]

    @property
    def is_control(self) -> bool:
        return bool(_CONTROL.match(self._start))

    @property
    def is_of_accounts(self) -> bool:
        """Or a FLUSH, of which the only one that changes anything is that of the privileges."""
        return bool(_ACCOUNTS.match(self._start))

    @property
    def may_be_of_event(self) -> bool:
        """CREATE EVENT or ALTER EVENT; perhaps something else, never the other way round."""
        return bool(_EVENT.match(self._start))

    @property
    def brings_files(self) -> bool:
        """ALTER TABLE … IMPORT TABLESPACE: rows came that the log does not hold."""
        return bool(_IMPORT.match(self._start))


def gtid(kind: int, body: bytes) -> Gtid:
    if kind == GTID_TAGGED:
        return _tagged(body)
    source = ("", "") if kind == ANONYMOUS_GTID else (str(UUID(bytes=body[1:17])), "")
    number = 0 if kind == ANONYMOUS_GTID else int.from_bytes(body[17:25], "little")
    # After flags, server and number: how it may be parallelised (1 + 8 + 8 bytes), then the time.
    committed = int.from_bytes(body[42:49], "little") & ~_TAGGED if len(body) >= 49 and body[25] == 2 else 0
    return Gtid(source, number, committed)


def _tagged(body: bytes) -> Gtid:
    """Numbered fields of variable length, a number's length being told by its lowest bits."""
    place = 0

    def unsigned() -> int:
        nonlocal place
        first = body[place]
        more = (~first & (first + 1)).bit_length() - 1 if first != 0xFF else 8
        raw = int.from_bytes(body[place : place + more + 1], "little")
        place += more + 1
        return raw >> (more + 1) if more < 8 else raw >> 8

    def signed() -> int:
        raw = unsigned()
        return raw >> 1 if not raw & 1 else -((raw + 1) >> 1)

    unsigned()  # version of the encoding
    end = unsigned()
    unsigned()  # the last field that a reader must know
    uuid, tag, number, committed = bytes(16), "", 0, 0
    while place < end:
        field = unsigned()
        if field == 1:
            uuid = bytes(unsigned() for _ in range(16))
        elif field == 2:
            number = signed()
        elif field == 3:
            length = unsigned()
            tag = body[place : place + length].decode()
            place += length
        elif field == 6:
            committed = unsigned()
            break
        else:
            unsigned()  # flags and logical clocks: a number each
    return Gtid((str(UUID(bytes=uuid)), tag), number, committed)


def previous_gtids(body: bytes) -> GtidSet:
    """All transactions of the files before this one."""
    found = GtidSet()
    tagged = body[7] == 1
    servers = int.from_bytes(body[1:7] if tagged else body[:8], "little")
    place = 8
    for _ in range(servers):
        uuid = str(UUID(bytes=body[place : place + 16]))
        place += 16
        tag = ""
        if tagged:
            length = body[place] >> 1
            tag = body[place + 1 : place + 1 + length].decode()
            place += 1 + length
        intervals = int.from_bytes(body[place : place + 8], "little")
        place += 8
        for _ in range(intervals):
            first = int.from_bytes(body[place : place + 8], "little")
            after = int.from_bytes(body[place + 8 : place + 16], "little")
            found.add((uuid, tag), first, after - 1)
            place += 16
    return found


def query(body: bytes) -> Query:
    database_length, status_length = body[8], int.from_bytes(body[11:13], "little")
    place = 13 + status_length
    database = body[place : place + database_length].decode(errors="replace")
    return Query(database, body[place + database_length + 1 :], _invoker(body[13:place]))


_INVOKER = 11
_STATUS = {0: 4, 1: 8, 3: 4, 4: 6, 7: 2, 8: 2, 9: 8, 10: 4, 13: 3, 16: 1, 17: 8, 18: 2, 19: 1, 20: 1}
"""Bytes of a statement's circumstances, by their number."""


def _invoker(status: bytes) -> tuple[str, str] | None:
    place = 0
    while place < len(status):
        code = status[place]
        place += 1
        if code == _INVOKER:
            user = status[place + 1 : place + 1 + status[place]]
            place += 1 + len(user)
            host = status[place + 1 : place + 1 + status[place]]
            return user.decode(errors="replace"), host.decode(errors="replace")
        if code in (5, 6):  # a text after its length
            place += 1 + status[place]
        elif code in _STATUS:
            place += _STATUS[code]
        else:
            return None  # the names of databases that it changed, and what newer servers add
    return None


def rotate(body: bytes) -> str:
    """The name of the next file."""
    return body[8:].decode(errors="replace")


def utc_time(microseconds: int) -> str:
    """ISO 8601, as in manifests."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
