"""The empty database that a dump is loaded into, and the accounts its objects run as."""

from __future__ import annotations

import re
from dataclasses import dataclass

from resources.mysql.connection import execute, quoted
from resources.mysql.schema import Schema
from resources.mysql.server import PrivateServer

_DEFINER = re.compile(r"DEFINER=`((?:[^`]|``)*)`@`((?:[^`]|``)*)`")


@dataclass(frozen=True)
class DumpedDatabase:
    """What a dump does not say itself of the database that it is loaded into; `schema` is what it holds."""

    name: str
    charset: str
    collation: str
    schema: Schema


def make_database(server: PrivateServer, database: DumpedDatabase) -> None:
    """Make it empty on a running private server, and the definers of what is to come.

    Those first: a view that uses another one cannot be created without its definer.
    """
    with server.connect() as connection:
        execute(
            connection,
            f"CREATE DATABASE {quoted(database.name)}"
            f" CHARACTER SET {database.charset} COLLATE {database.collation}",
        )
        for user, host in definers(database.schema):
            execute(connection, "CREATE USER IF NOT EXISTS %s@%s ACCOUNT LOCK", (user, host))
            execute(connection, "GRANT ALL ON *.* TO %s@%s", (user, host))


def definers(schema: Schema) -> list[tuple[str, str]]:
    """(user, host) of every account that an object is to run as."""
    found: set[tuple[str, str]] = set()
    for kind in ("views", "routines", "triggers", "events"):
        for text in getattr(schema, kind).values():
            for user, host in _DEFINER.findall(text):
                found.add((user.replace("``", "`"), host.replace("``", "`")))
    return sorted(found)
