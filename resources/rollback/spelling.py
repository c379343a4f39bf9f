"""The target's database as the server spells it: the URL says `/Shop`, the server has `shop`."""

from __future__ import annotations

from dataclasses import replace

from resources.errors import NoSuchDatabaseError
from resources.mysql.connection import connect, value
from resources.target import Target


def as_spelled(target: Target) -> Target:
    """The same target under the name that information_schema and the binary log use."""
    try:
        with connect(target.endpoint, target.database) as connection:
            name = str(value(connection, "SELECT DATABASE()"))
    except NoSuchDatabaseError:
        with connect(target.endpoint) as connection:
            lower = int(value(connection, "SELECT @@lower_case_table_names")) == 1
        name = target.database.lower() if lower else target.database
    return target if name == target.database else replace(target, database=name)
