"""A database's schema, read as texts and made anew, without rows, on a private server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import pymysql

from resources import progress
from resources.errors import RestoreFailedError
from resources.mysql.collations import made_again
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.mysql.schema import HISTORY_TABLE, read_schema
from resources.redact import inert
from resources.rollback.objects import Definition, Objects, create, read_objects
from resources.validation.like_target import create_definers

# Each would refuse, or change, a table that an older server or another setting had accepted.
_STRICT = ("innodb_strict_mode", "sql_require_primary_key", "sql_generate_invisible_primary_key")


@dataclass(frozen=True)
class Blueprint:
    """Everything but Prisma's own table."""

    tables: Mapping[str, str]
    """Name → `SHOW CREATE TABLE` text without its counter."""
    objects: Objects

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all texts and of the settings they were made under."""
        text = json.dumps([dict(self.tables), asdict(self.objects)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_blueprint(connection: Connection, database: str) -> Blueprint:
    """Only reads; makes `database` the session's default. Raises RestoreFailedError for a hidden routine."""
    tables = read_schema(connection, database).tables
    kept = {name: text for name, text in tables.items() if name.lower() != HISTORY_TABLE}
    return Blueprint(kept, read_objects(connection, database))


def make_anew(connection: Connection, blueprint: Blueprint) -> list[str]:
    """Make all of it in the connection's database, which is empty; returns what could not be made, and why.

    A view whose table is gone cannot be made again by anyone: the rest is of use without it.
    The session is not fit for anything else afterwards.
    """
    settings = {"foreign_key_checks": "OFF", "sql_mode": "'NO_AUTO_VALUE_ON_ZERO'"}
    known = {name for (name, _) in rows(connection, "SHOW SESSION VARIABLES")}
    settings |= {name: "OFF" for name in _STRICT if name in known}
    execute(connection, "SET SESSION " + ", ".join(f"{name} = {text}" for name, text in settings.items()))
    lacking = []
    # In any order: without foreign_key_checks a parent may come after its child.
    for name, text in blueprint.tables.items():
        try:
            execute(connection, made_again(text))
        except pymysql.err.MySQLError as error:
            lacking.append(inert(f"table {quoted(name)} ({error.args[-1]})"))
    for definition in blueprint.objects.all():
        create_definers(connection, definition.text)
    lacking += _make_what_can_be(connection, blueprint.objects.all())
    for one in lacking:
        progress.say(f"could not be made on the copy: {one}")
    return lacking


def _make_what_can_be(connection: Connection, definitions: Iterable[Definition]) -> list[str]:
    """In whatever order works, as a view may read another one."""
    waiting = list(definitions)
    while waiting:
        refused: list[tuple[Definition, str]] = []
        for definition in waiting:
            try:
                create(connection, definition)
            except RestoreFailedError as error:
                refused.append((definition, error.why))
        if len(refused) == len(waiting):
            return [inert(f"{one.kind.lower()} {quoted(one.name)} ({why})") for one, why in refused]
        waiting = [definition for definition, _ in refused]
    return []
