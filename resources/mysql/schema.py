"""A database's schema as the server's own canonical text, one text per object."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from resources.mysql.connection import Connection, execute, quoted, rows

# Prisma's own bookkeeping table is state of the history, not part of the schema.
HISTORY_TABLE = "_prisma_migrations"
_KEY = re.compile(r"  (?:(?:UNIQUE|FULLTEXT|SPATIAL) )?KEY `")
_AUTO_INCREMENT = re.compile(r"(?m)^(\) ENGINE=.*?) AUTO_INCREMENT=\d+")


@dataclass(frozen=True)
class Schema:
    """Object name → `SHOW CREATE` text. AUTO_INCREMENT counters are left out: they are data."""

    tables: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    routines: Mapping[str, str] = field(default_factory=dict)
    """Keys are `PROCEDURE name` and `FUNCTION name`: the two have separate name spaces."""
    triggers: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over every object's name and text."""
        text = json.dumps(self.as_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def as_dict(self) -> dict[str, dict[str, str]]:
        return {kind: dict(getattr(self, kind)) for kind in KINDS}

    @classmethod
    def from_dict(cls, data: Mapping[str, Mapping[str, str]]) -> Schema:
        return cls(**{kind: dict(data.get(kind, {})) for kind in KINDS})


KINDS = ("tables", "views", "routines", "triggers", "events")


def table_names(connection: Connection, database: str) -> list[str]:
    """Base tables only, `_prisma_migrations` included, in name order."""
    found = rows(
        connection,
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = %s AND table_type = 'BASE TABLE' ORDER BY table_name",
        (database,),
    )
    return [name for (name,) in found]


def read_schema(connection: Connection, database: str) -> Schema:
    """Every object of `database`. Cost: one statement per object.

    The session's sql_mode and quoting are set first: under ANSI_QUOTES the same table has another text.
    """
    execute(connection, "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', SESSION sql_quote_show_create = 1")

    def names(sql: str) -> list[str]:
        return [row[0] for row in rows(connection, sql, (database,))]

    def show(kind: str, name: str, column: int) -> str:
        return rows(connection, f"SHOW CREATE {kind} {quoted(database)}.{quoted(name)}")[0][column] or ""

    views = names("SELECT table_name FROM information_schema.views WHERE table_schema=%s ORDER BY 1")
    routines = rows(
        connection,
        "SELECT routine_type, routine_name FROM information_schema.routines"
        " WHERE routine_schema=%s ORDER BY 1, 2",
        (database,),
    )
    triggers = names(
        "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema=%s ORDER BY 1"
    )
    events = names("SELECT event_name FROM information_schema.events WHERE event_schema=%s ORDER BY 1")
    return Schema(
        tables={name: canonical_table(show("TABLE", name, 1)) for name in table_names(connection, database)},
        views={name: show("VIEW", name, 1) for name in views},
        routines={f"{kind} {name}": show(kind, name, 2) for kind, name in routines},
        triggers={name: show("TRIGGER", name, 2) for name in triggers},
        events={name: show("EVENT", name, 3) for name in events},
    )


def canonical_table(create_table: str) -> str:
    """`SHOW CREATE TABLE` text that is equal exactly when the tables are.

    Without the counter, and with the secondary keys in name order: the server prints them in
    the order in which they were made, and makes a foreign key's own index anew whenever the
    foreign key is.
    """
    lines = without_counter(create_table).split("\n")
    places = [number for number, line in enumerate(lines) if _KEY.match(line)]
    ordered = sorted(lines[number].rstrip(",") for number in places)
    for number, line in zip(places, ordered, strict=True):
        lines[number] = line + ("," if lines[number].endswith(",") else "")
    return "\n".join(lines)


def without_counter(create_table: str) -> str:
    """`SHOW CREATE TABLE` text without `AUTO_INCREMENT=n`."""
    return _AUTO_INCREMENT.sub(r"\1", create_table, count=1)
