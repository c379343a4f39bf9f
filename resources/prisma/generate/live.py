"""The tables that are there, read from the server's `SHOW CREATE TABLE` texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from resources.prisma.generate.datamodel import ForeignKey, Index, KeyPart
from resources.validation.create_table import parse_table, unquoted

_NAME = r"`((?:[^`]|``)+)`"
_TEXT = r"'(?:[^'\\]|''|\\.)*'"
_TYPE = re.compile(
    rf"(\w+(?: precision)?(?:\((?:{_TEXT}|[^()'])*\))?(?: unsigned)?(?: zerofill)?)(.*)", re.DOTALL
)
_DEFAULT = re.compile(rf" DEFAULT ({_TEXT}|b{_TEXT}|_\w+{_TEXT}|[\w.+-]+(?:\(\d*\))?|\()", re.DOTALL)
_COMMENT = re.compile(rf" COMMENT {_TEXT}", re.DOTALL)
_PART = re.compile(rf"{_NAME}(?:\((\d+)\))?( DESC)?")
_KEY = re.compile(rf"(UNIQUE|FULLTEXT|SPATIAL)? ?KEY {_NAME}")
_FOREIGN = re.compile(
    r"FOREIGN KEY \(((?:[^()])*)\) REFERENCES ((?:`(?:[^`]|``)+`\.)?`(?:[^`]|``)+`) \(([^()]*)\)(.*)"
)
_ACTION = r"(CASCADE|SET NULL|RESTRICT|NO ACTION|SET DEFAULT)"


@dataclass(frozen=True)
class LiveColumn:
    """default: the server's own text for it, None for none (`DEFAULT NULL` is none too)."""

    name: str
    type: str
    nullable: bool
    default: str | None
    auto_increment: bool


@dataclass
class LiveTable:
    name: str
    columns: dict[str, LiveColumn] = field(default_factory=dict)
    primary_key: tuple[KeyPart, ...] = ()
    indexes: list[Index] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)


def live_tables(texts: Mapping[str, str]) -> dict[str, LiveTable]:
    """By table name."""
    return {name: _table(name, text) for name, text in texts.items()}


def spelled_as(tables: Mapping[str, LiveTable], names: Iterable[str]) -> dict[str, LiveTable]:
    """The same under the wanted spelling: for servers that keep table names in lower case."""
    spelling = {name.lower(): name for name in names}

    def spelled(name: str) -> str:
        return spelling.get(name.lower(), name)

    found: dict[str, LiveTable] = {}
    for name, table in tables.items():
        keys = [replace(key, table=spelled(key.table)) for key in table.foreign_keys]
        found[spelled(name)] = replace(table, name=spelled(name), foreign_keys=keys)
    return found


def _table(name: str, text: str) -> LiveTable:
    parsed = parse_table(text)
    table = LiveTable(name)
    for column, definition in parsed.columns.items():
        table.columns[column] = _column(column, definition)
    for line in text.split("\n")[1:]:
        line = line.strip().removesuffix(",")
        if line.startswith("PRIMARY KEY "):
            table.primary_key = _parts(line)
        elif match := _KEY.match(line):
            # A key over an expression is nothing that Prisma knows, and so nothing it drops.
            if (found := _parts(line[match.end() :])) and "((" not in line:
                table.indexes.append(Index(unquoted(match[2]), match[1] or "", found))
        elif match := re.match(rf"CONSTRAINT {_NAME} (FOREIGN KEY .*)", line):
            table.foreign_keys.append(_foreign_key(unquoted(match[1]), match[2]))
    return table


def _column(name: str, definition: str) -> LiveColumn:
    match = _TYPE.match(definition)
    assert match, definition
    rest = _COMMENT.sub("", match[2])
    return LiveColumn(
        name,
        match[1],
        nullable=" NOT NULL" not in rest,
        default=_default(rest),
        auto_increment=" AUTO_INCREMENT" in rest,
    )


def _default(rest: str) -> str | None:
    match = _DEFAULT.search(rest)
    if match is None or match[1] == "NULL":
        return None
    if match[1] != "(":
        return match[1]
    depth, start = 0, match.start(1)
    for place in range(start, len(rest)):
        depth += {"(": 1, ")": -1}.get(rest[place], 0)
        if depth == 0:
            return rest[start : place + 1]
    return rest[start:]


def _parts(text: str) -> tuple[KeyPart, ...]:
    inside = text[text.index("(") + 1 :]
    end = _closing(inside)
    return tuple(
        KeyPart(unquoted(one[1]), int(one[2]) if one[2] else None, "DESC" if one[3] else None)
        for one in _PART.finditer(inside[:end])
    )


def _closing(text: str) -> int:
    depth, name = 1, False
    for place, character in enumerate(text):
        if character == "`":
            name = not name
        elif not name:
            depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return place
    return len(text)


def _foreign_key(name: str, text: str) -> ForeignKey:
    match = _FOREIGN.match(text)
    assert match, text
    names = [tuple(unquoted(one) for one in re.findall(_NAME, match[group])) for group in (1, 3)]
    on_delete = re.search(rf"ON DELETE {_ACTION}", match[4])
    on_update = re.search(rf"ON UPDATE {_ACTION}", match[4])
    return ForeignKey(
        name,
        names[0],
        unquoted(re.findall(_NAME, match[2])[-1]),
        names[1],
        on_delete[1] if on_delete else "NO ACTION",
        on_update[1] if on_update else "NO ACTION",
    )
