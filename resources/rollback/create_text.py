"""The CREATE statement whose SHOW CREATE text is the one it was made from."""

from __future__ import annotations

import re

_OPTIONS_COLLATE = re.compile(r"^\) ENGINE=.*?\bCOLLATE=(\w+)", re.MULTILINE)
_COLUMN = re.compile(
    r"^(  `(?:[^`]|``)*` (?:[a-z]+(?:\((?:'(?:[^']|'')*'|[^')])*\))?)) COLLATE (\w+)(?= |,|$)", re.MULTILINE
)


def recreating(create_table: str) -> str:
    """`create_table` with inherited column collations left out.

    SHOW CREATE prints a collation that a column inherited from its table as if it had been
    written there; created from that text, the column would print its character set as well.
    """
    table = _OPTIONS_COLLATE.search(create_table)
    if table is None:
        return create_table
    return _COLUMN.sub(lambda m: m[1] if m[2] == table[1] else m[0], create_table)
