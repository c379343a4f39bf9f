"""Foreign keys as text lines of SHOW CREATE TABLE: taken out of a table, and made equal again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from resources.mysql.connection import Connection, execute, quoted

_LINE = re.compile(r"^  CONSTRAINT `((?:[^`]|``)*)` FOREIGN KEY .*?,?$", re.MULTILINE)
_REFERENCES = re.compile(r" REFERENCES (?:`((?:[^`]|``)*)`\.)?`((?:[^`]|``)*)` ")


def foreign_keys(create_table: str) -> dict[str, str]:
    """Constraint name → its line, without indentation and comma."""
    return {
        match[1].replace("``", "`"): match[0].strip().rstrip(",") for match in _LINE.finditer(create_table)
    }


def without_foreign_keys(create_table: str) -> str:
    """The same statement without its foreign keys; their indexes stay."""
    lines = [line for line in create_table.split("\n") if not _LINE.fullmatch(line)]
    end = next(number for number, line in enumerate(lines) if line.startswith(")"))
    lines[end - 1] = lines[end - 1].rstrip(",")
    return "\n".join(lines)


def referenced_table(line: str) -> str:
    """The table a constraint line points to, in whichever database."""
    found = _REFERENCES.search(line)
    return found[2].replace("``", "`") if found else ""


def make_equal(
    connection: Connection, database: str, wanted: Mapping[str, str], actual: Mapping[str, str]
) -> None:
    """Give every table of `wanted` (name → SHOW CREATE) the foreign keys it has there.

    With foreign_key_checks off that changes metadata only: no rebuild, no scan of rows
    (rows that come back were consistent before).
    """
    execute(connection, "SET SESSION foreign_key_checks = 0")
    changes: list[tuple[str, list[str], list[str]]] = []
    for table, text in wanted.items():
        want, have = foreign_keys(text), foreign_keys(actual.get(table, ""))
        drop = [name for name in have if want.get(name) != have[name]]
        add = [line for name, line in want.items() if have.get(name) != line]
        if drop or add:
            changes.append((table, drop, add))
    # All drops first: names of constraints are unique in a database.
    for table, drop, _ in changes:
        for name in drop:
            execute(
                connection, f"ALTER TABLE {quoted(database)}.{quoted(table)} DROP FOREIGN KEY {quoted(name)}"
            )
    execute(connection, f"USE {quoted(database)}")
    for table, _, add in changes:
        for line in add:
            execute(connection, f"ALTER TABLE {quoted(table)} ADD {line}")
