"""The default collation that a database had before its migrations changed it (`ALTER DATABASE … COLLATE`).

A table made before such a statement has the former default, of which only the tables themselves
still tell. Taken is the default whose replay comes nearest to the live schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from resources.errors import MigrationFailedError
from resources.mysql.connection import Connection, rows, value
from resources.mysql.schema import read_schema
from resources.prisma.folder import MigrationFile
from resources.target import Target
from resources.validation.compare import compare
from resources.validation.expected import expected_schema
from resources.validation.like_target import NEW_DATABASE, Collation, likeness

_ALTERS_DEFAULT = re.compile(
    rb"\bALTER\s+(?:DATABASE|SCHEMA)\b[^;]*\b(?:CHARACTER\s+SET|CHARSET|COLLATE)\b", re.IGNORECASE
)


def beginning(target: Target, applied: Sequence[MigrationFile], connection: Connection) -> Collation | None:
    """None: today's default, or no start from which the applied migrations run. Only reads the target.

    Costs nothing unless an applied migration changes the default. Raises what connecting raises,
    and EnvironmentCheckError.
    """
    if not any(_ALTERS_DEFAULT.search(file.content) for file in applied):
        return None
    live = read_schema(connection, target.database)
    case = int(value(connection, "SELECT @@lower_case_table_names"))
    nearest, fewest = None, None
    for start in _candidates(target, connection):
        try:
            made = expected_schema(target, applied, connection, start=start)
        except MigrationFailedError:
            continue  # a key between columns of two collations, for one; the caller's own replay tells
        count = len(compare(made, live, lower_case_table_names=case))
        if fewest is None or count < fewest:
            nearest, fewest = start, count
        if not count:
            break
    return nearest


def _candidates(target: Target, connection: Connection) -> Iterator[Collation]:
    """Today's first, so that it wins where others come as near; then each that the tables tell of."""
    like = likeness(connection, target.database)
    server = (like.variables["character_set_server"], like.variables["collation_server"])
    tables = rows(
        connection,
        "SELECT DISTINCT character_set_name, table_collation FROM information_schema.tables"
        " JOIN information_schema.collations ON collation_name = table_collation"
        " WHERE table_schema = %s ORDER BY 2",
        (target.database,),
    )
    yield from dict.fromkeys([(like.charset, like.collation), NEW_DATABASE, server, *map(tuple, tables)])
