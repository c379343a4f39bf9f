"""The two databases beside the user's one while tables are put back, and what is written there.

`side` holds the old state until it is proven equal, `aside` what it replaces. A marker table
moves from the one to the other in the very statement that swaps the tables: where it lies
says whether the swap happened, whatever else was lost.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pymysql

from resources.mysql.connection import Connection, execute, quoted, rows, value
from resources.rollback.server_files import remove_arriving, remove_strays

MARKER = "__dbsync_put_back"
_LONGEST = 64
_STEM = 24
_NOT_EMPTY = 1010


@dataclass(frozen=True)
class SideNames:
    side: str
    aside: str

    @classmethod
    def of(cls, database: str, tag: str) -> SideNames:
        """`tag`: short, lower-case letters, digits and underscores."""
        return cls(_name(database, "side", tag), _name(database, "aside", tag))


def _name(database: str, kind: str, tag: str) -> str:
    """Never cut at its end, which tells one deployment's from another's. As long as it fits,
    it begins with `<database>__dbsync_`, which is what the account's grant is for."""
    for prefix in _prefixes(database, kind):
        if len(prefix + tag) <= _LONGEST:
            return prefix + tag
    raise ValueError(f"{tag} is too long")


def _prefixes(database: str, kind: str) -> list[str]:
    digest = hashlib.sha256(database.encode()).hexdigest()[:8]
    return [
        f"{database}__dbsync_{kind}_",
        f"{database}__dbsync_{kind[0]}",
        f"{database[:_STEM]}_{digest}__dbsync_{kind}_",
    ]


@dataclass(frozen=True)
class Plan:
    """What the swap does; kept in the marker, so that a killed one can be finished."""

    tables: tuple[str, ...]
    outside_keys: tuple[tuple[str, str, str], ...] = ()
    """(database, table, clause) of foreign keys of other databases that point at swapped tables."""
    facts: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> str:
        return json.dumps(
            {"tables": self.tables, "outside_keys": self.outside_keys, "facts": self.facts}, default=str
        )

    @classmethod
    def decode(cls, text: str) -> Plan:
        data = json.loads(text)
        keys = tuple((one[0], one[1], one[2]) for one in data["outside_keys"])
        return cls(tuple(data["tables"]), keys, dict(data["facts"]))


def make_side(connection: Connection, names: SideNames, charset: str, collation: str) -> None:
    for name in (names.side, names.aside):
        execute(connection, f"CREATE DATABASE {quoted(name)} CHARACTER SET {charset} COLLATE {collation}")


def write_marker(connection: Connection, names: SideNames, plan: Plan) -> None:
    table = f"{quoted(names.side)}.{quoted(MARKER)}"
    execute(connection, f"DROP TABLE IF EXISTS {table}")
    execute(
        connection,
        f"CREATE TABLE {table} (`id` INT NOT NULL PRIMARY KEY,"
        " `plan` LONGTEXT CHARACTER SET utf8mb4 NOT NULL)"
        " ENGINE=InnoDB COMMENT='written by dbsync while it put tables back; safe to drop'",
    )
    execute(connection, f"INSERT INTO {_literal(table)} VALUES (1, %s)", (plan.encode(),))


def update_marker(connection: Connection, names: SideNames, plan: Plan) -> None:
    table = f"{quoted(names.side)}.{quoted(MARKER)}"
    execute(connection, f"UPDATE {_literal(table)} SET plan = %s WHERE id = 1", (plan.encode(),))


def _literal(name: str) -> str:
    """For a statement with arguments, in which `%` means something."""
    return name.replace("%", "%%")


def read_plan(connection: Connection, database: str) -> Plan | None:
    """The plan whose marker lies in `database`, if it is there and complete."""
    if not has_table(connection, database, MARKER):
        return None
    text = value(connection, f"SELECT plan FROM {quoted(database)}.{quoted(MARKER)} WHERE id = 1")
    return Plan.decode(str(text)) if text else None


def has_table(connection: Connection, database: str, table: str) -> bool:
    return bool(
        rows(
            connection,
            "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
            (database, table),
        )
    )


def database_charset(connection: Connection, database: str) -> tuple[str, str] | None:
    """(character set, collation), or None where there is no such database."""
    found = rows(
        connection,
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
        " WHERE schema_name = %s",
        (database,),
    )
    return (str(found[0][0]), str(found[0][1])) if found else None


def drop_database(connection: Connection, name: str) -> None:
    """Only ever one of the names that `SideNames` makes."""
    if "__dbsync_" not in name:
        raise ValueError(f"{name} is not a database of dbsync's")
    # Keys between the two halves of what was put aside must not stop it.
    execute(connection, "SET SESSION foreign_key_checks = 0")
    try:
        execute(connection, f"DROP DATABASE IF EXISTS {quoted(name)}")
    except pymysql.err.MySQLError as error:
        # A file that the server does not know is in its folder: then it drops nothing at all.
        if not error.args or error.args[0] != _NOT_EMPTY:
            raise
        remove_arriving(connection, name)
        execute(connection, f"DROP DATABASE IF EXISTS {quoted(name)}")
    remove_strays(connection, name)


def leftovers(connection: Connection, database: str) -> list[str]:
    """Side and aside databases of `database` that are on the server."""
    prefixes = (*_prefixes(database, "side"), *_prefixes(database, "aside"))
    return sorted(name for (name,) in rows(connection, "SHOW DATABASES") if name.startswith(prefixes))


def is_of_restore(name: str, database: str, kind: str) -> bool:
    """Whether `name` is the side (or aside) database of a restore, whose tags begin with an r."""
    return name.startswith(tuple(prefix + "r" for prefix in _prefixes(database, kind)))
