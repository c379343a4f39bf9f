"""Views, routines, triggers and events that a restore replaces: their texts, kept as a script."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from resources.durable_file import write_durably
from resources.mysql.connection import Connection
from resources.rollback.objects import Definition, read_objects


def keep_objects(connection: Connection, database: str, wanted: Collection[Definition], path: Path) -> bool:
    """Write to `path`, for the `mysql` client, what of `database` is not in `wanted`; whether it is there.

    One that is there already is of the run before this one, which had replaced some of them. Raises
    DiskFullError.
    """
    if path.exists():
        return True
    going = [one for one in read_objects(connection, database).all() if one not in wanted]
    if going:
        write_durably(path, "\n".join(["DELIMITER //", *map(_script, going), "DELIMITER ;", ""]).encode())
    return bool(going)


def _script(one: Definition) -> str:
    settings = {
        "sql_mode": one.sql_mode,
        "time_zone": one.time_zone,
        "collation_connection": one.collation,
    }
    session = [f"SET SESSION {name} = '{value}'//" for name, value in settings.items() if value is not None]
    return "\n".join([f"-- {one.kind.lower()} {one.name}", *session, f"{one.text.rstrip()}//"])
