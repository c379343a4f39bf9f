"""Column collations in `SHOW CREATE TABLE` text: making a table again must not make them explicit.

The server remembers whether a column's collation was written out. One that was not is
shown as `COLLATE x` alone where x is not its character set's default; a table made from
that text shows `CHARACTER SET y COLLATE x` from then on. The meaning is the same, the
text is not, and every later comparison of texts would see a difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_TABLE = re.compile(r"(?m)^\) .*?DEFAULT CHARSET=(\w+)(?: COLLATE=(\w+))?")
# The type, which may hold quoted values, then the collation.
_COLUMN = re.compile(
    r"(  `(?:[^`]|``)*` \w+(?:\((?:'(?:[^'\\]|''|\\.)*'|[^()'])*\))?)"
    r"( CHARACTER SET (?P<charset>\w+))?( COLLATE (?P<collation>\w+))?(?P<rest>.*)",
    re.DOTALL,
)


def made_again(create_table: str) -> str:
    """The text that makes a table which the server shows as `create_table`."""
    return _mapped(create_table, lambda charset, collation: charset is None and collation is not None)


def without_defaults(create_table: str) -> str:
    """The text without any column collation that is the table's default anyway: for comparing."""
    default = _TABLE.search(create_table)
    if not default:
        return create_table
    table_charset, table_collation = default[1], default[2]
    return _mapped(
        create_table,
        lambda charset, collation: charset in (None, table_charset) and collation in (None, table_collation),
    )


def _mapped(create_table: str, drops: Callable[[str | None, str | None], bool]) -> str:
    lines = create_table.split("\n")
    for number, line in enumerate(lines):
        if line.startswith(")"):
            break
        column = _COLUMN.fullmatch(line)
        if column and drops(column["charset"], column["collation"]):
            lines[number] = column[1] + column["rest"]
    return "\n".join(lines)
