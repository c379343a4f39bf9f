"""The old state as the private server holds it, and how the target's tables differ from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from resources.errors import BackupCorruptError, RestoreFailedError
from resources.mysql.collations import without_defaults
from resources.mysql.connection import Connection
from resources.mysql.digest import TableDigest
from resources.mysql.schema import canonical_table, table_names
from resources.mysql.server import PrivateServer
from resources.rollback.objects import Objects, read_objects, table_text
from resources.rollback.side import database_charset


@dataclass(frozen=True)
class OldState:
    """Texts as `SHOW CREATE` prints them."""

    database: str
    """Its name on the private server."""
    tables: Mapping[str, str]
    objects: Objects
    charset: tuple[str, str]


def read_old_state(source: PrivateServer, database: str, *, from_dump: bool = False) -> OldState:
    """`from_dump`: the server was filled from a dump, which writes every column's collation out."""
    with source.connect() as connection:
        charset = database_charset(connection, database)
        if charset is None:
            raise RestoreFailedError(
                f"the backup has no database `{database}`",
                where=str(source.folder),
                hint="dbsync backups list",
            )
        objects = read_objects(connection, database)
        tables = {name: table_text(connection, database, name) for name in table_names(connection, database)}
        if from_dump:
            tables = {name: without_defaults(text) for name, text in tables.items()}
        return OldState(database, tables, objects, charset)


def require_complete(source: PrivateServer, old: OldState, proven: Mapping[str, TableDigest]) -> None:
    """Raises BackupCorruptError where the tables are others than those that were proven."""
    if uneven := set(proven) ^ set(old.tables):
        raise corrupt(source, sorted(uneven))


def corrupt(source: PrivateServer, tables: Collection[str]) -> BackupCorruptError:
    return BackupCorruptError(
        "the backup does not hold what it was proven to hold; nothing in the database was touched",
        where=str(source.folder),
        why=named(tables),
        hint="dbsync backups verify; dbsync backups list",
    )


def named(tables: Collection[str]) -> str:
    return ", ".join(f"`{table}`" for table in sorted(tables)[:5])


def different_tables(
    connection: Connection, database: str, old: OldState, tables: Collection[str] | None = None
) -> list[str]:
    """Tables (of `tables`, default: all) whose text is not the old one's, or that are on one side only."""
    names = set(table_names(connection, database)) if database_charset(connection, database) else set()
    return sorted(
        name
        for name in names | set(old.tables)
        if (tables is None or name in tables)
        and (
            name not in names
            or name not in old.tables
            or not is_same_table(table_text(connection, database, name), old.tables[name])
        )
    )


def is_same_table(one: str, other: str) -> bool:
    """Whether two texts make the same table."""
    return _comparable(one) == _comparable(other)


def _comparable(create_table: str) -> str:
    return without_defaults(canonical_table(create_table))
