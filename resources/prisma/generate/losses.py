"""What a script takes away. The replay, which begins with nothing, cannot see that rows would be lost."""

from __future__ import annotations

import re

_NAME = r"`((?:[^`]|``)+)`"
_WORDS = re.compile(
    rf"\bALTER\s+TABLE\s+{_NAME}|\bDROP\s+COLUMN\s+{_NAME}|\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?{_NAME}",
    re.IGNORECASE,
)


def dropped(script: str) -> frozenset[str]:
    """`table` and `table.column` of each drop, in lower case. What a text quotes counts too."""
    found: set[str] = set()
    table = ""
    for match in _WORDS.finditer(script):
        altered, column, whole = (name and name.lower() for name in match.groups())
        if altered:
            table = altered
        else:
            found.add(whole or f"{table}.{column}")
    return frozenset(found)
