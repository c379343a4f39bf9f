"""Triggers and routines whose text ends with a semicolon, for the end of mysqldump's dump.

Where a body is one statement and the script went on behind it, the server keeps the semicolon. mysqldump
writes such a trigger into a comment that the semicolon cuts in two (error 1064 when it is loaded),
and such a routine comes back without it.
"""

from __future__ import annotations

from resources.mysql.connection import Connection, execute, quoted, rows
from resources.rollback.objects import Definition, encoded, read_one, read_triggers, standing_alone


def kept_semicolons(connection: Connection, database: str) -> list[Definition]:
    """In an order in which they can be created. All triggers where one has a semicolon: they fire in the
    order in which they were made. What the account may not read is not among them.
    """
    triggers = rows(
        connection,
        "SELECT COUNT(*) FROM information_schema.triggers"
        " WHERE trigger_schema = %s AND action_statement LIKE '%%;'",
        (database,),
    )
    routines = rows(
        connection,
        "SELECT routine_type, routine_name FROM information_schema.routines"
        " WHERE routine_schema = %s AND routine_definition LIKE '%%;' ORDER BY 1, 2",
        (database,),
    )
    execute(connection, f"USE {quoted(database)}")
    found = [read_one(connection, str(kind), str(name)) for kind, name in routines]
    return found + (read_triggers(connection, database) if triggers[0][0] else [])


def script_of(definitions: list[Definition]) -> bytes:
    """For the mysql client, behind a dump without these triggers; b"" for none."""
    if not definitions:
        return b""
    parts = [b"DELIMITER ;;\n"]
    for one in definitions:
        if one.kind != "TRIGGER":
            parts.append(f"DROP {one.kind} IF EXISTS {quoted(one.name)} ;;\n".encode())
        parts += [
            f"SET SESSION sql_mode = '{one.sql_mode}', collation_connection = '{one.collation}',"
            f" character_set_client = '{one.client}' ;;\n".encode(),
            encoded(standing_alone(one), one.client),
            b"\n;;\n",
        ]
    return b"".join([*parts, b"DELIMITER ;\n-- Dump completed\n"])
