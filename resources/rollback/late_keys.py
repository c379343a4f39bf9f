"""Secondary indexes that are made once the rows are there, which is faster than with each row."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"`(?:[^`]|``)*`"
_KEY = re.compile(rf"  (?:UNIQUE )?KEY {_NAME} \((?P<first>{_NAME})?.*")
_PRIMARY = re.compile(rf"  PRIMARY KEY \((?P<first>{_NAME}).*")
_COUNTED = re.compile(rf"  (?P<name>{_NAME}) .* AUTO_INCREMENT(?: .*)?,?")


@dataclass(frozen=True)
class Split:
    text: str
    """CREATE TABLE without the late keys."""
    alters: tuple[str, ...]
    """What follows ALTER TABLE … to make them: all plain ones at once, those over expressions apart."""


def without_late_keys(create_table: str) -> Split:
    """`create_table` as the server shows it. FULLTEXT and SPATIAL indexes stay where they are.

    Without a primary key every index stays: the first unique one may be what the rows lie in,
    and making it later would write them all again.
    """
    first, *rest = create_table.split("\n")
    end = next(number for number, line in enumerate(rest) if line.startswith(")"))
    elements = [line.removesuffix(",") for line in rest[:end]]
    primary = next((found for line in elements if (found := _PRIMARY.fullmatch(line))), None)
    if primary is None:
        return Split(create_table, ())
    counted = next((found["name"] for line in elements if (found := _COUNTED.fullmatch(line))), None)
    kept, late = [], []
    for line in elements:
        key = _KEY.fullmatch(line)
        # The counter's column must be the first of some index at all times.
        needed = key and counted and counted == key["first"] != primary["first"]
        (late if key and not needed else kept).append(line)
    plain = [f"ADD {line.strip()}" for line in late if not _is_over_expression(line)]
    # In one statement with others the server would copy the table instead.
    apart = [f"ADD {line.strip()}" for line in late if _is_over_expression(line)]
    alters = [*([", ".join(plain)] if plain else []), *apart]
    return Split("\n".join([first, ",\n".join(kept), *rest[end:]]), tuple(alters))


def _is_over_expression(line: str) -> bool:
    key = _KEY.fullmatch(line)
    return bool(key) and (key["first"] is None or ",(" in line)
