"""Foreign keys as lines of canonical `SHOW CREATE TABLE` text: one element per line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_NAME = r"`(?:[^`]|``)*`"
_LINE = re.compile(
    rf"  (CONSTRAINT (?P<name>{_NAME}) FOREIGN KEY \(.*\) REFERENCES"
    rf" (?:(?P<database>{_NAME})\.)?(?P<table>{_NAME}) \(.*\)(?P<actions>.*?)),?"
)

_LIST = rf"\(({_NAME}(?:, {_NAME})*)\)"
_COLUMNS = re.compile(rf" FOREIGN KEY {_LIST} REFERENCES (?:{_NAME}\.)?{_NAME} {_LIST}")
_INDEX = re.compile(rf"  (?P<line>KEY (?P<name>{_NAME}) \((?P<columns>{_NAME}(?:,{_NAME})*)\)),?")


@dataclass(frozen=True)
class ForeignKey:
    name: str
    clause: str
    """As in CREATE TABLE and after ALTER TABLE … ADD."""
    database: str | None
    """None: the table's own."""
    table: str
    """The referenced one."""

    @property
    def columns(self) -> list[str]:
        """Of the referencing table, quoted."""
        return self._columns(1)

    @property
    def referenced(self) -> list[str]:
        """Columns of the referenced table, quoted, in the order of `columns`."""
        return self._columns(2)

    def _columns(self, group: int) -> list[str]:
        found = _COLUMNS.search(self.clause)
        assert found, self.clause
        return re.findall(_NAME, found[group])

    @property
    def writes_child(self) -> bool:
        """Whether a change of the referenced row changes rows of the referencing table."""
        return bool(re.search(r"ON (DELETE|UPDATE) (CASCADE|SET NULL|SET DEFAULT)", self.clause))


def foreign_keys(create_table: str) -> list[ForeignKey]:
    """In the order of the text."""
    found = []
    for line in create_table.split("\n"):
        match = _LINE.fullmatch(line)
        if match:
            database = match["database"]
            found.append(
                ForeignKey(
                    _plain(match["name"]),
                    match[1],
                    _plain(database) if database else None,
                    _plain(match["table"]),
                )
            )
    return found


def indexes_of(create_table: str, keys: list[ForeignKey]) -> dict[str, str]:
    """The plain indexes, name → line, that the server may have made for `keys` itself."""
    made_for = [key.columns for key in keys]
    found = {}
    for line in create_table.split("\n"):
        index = _INDEX.fullmatch(line)
        if index and re.findall(_NAME, index["columns"]) in made_for:
            found[_plain(index["name"])] = index["line"]
    return found


def without_foreign_keys(create_table: str, names: Collection[str] | None = None) -> str:
    """The same table's text without the foreign keys `names` (default: all); its indexes stay."""
    first, *rest = create_table.split("\n")
    end = next(number for number, line in enumerate(rest) if line.startswith(")"))
    elements = [line.removesuffix(",") for line in rest[:end] if not _is_key(line, names)]
    return "\n".join([first, ",\n".join(elements), *rest[end:]])


def _is_key(line: str, names: Collection[str] | None) -> bool:
    key = _LINE.fullmatch(line)
    return key is not None and (names is None or _plain(key["name"]) in names)


def children_of(tables: Mapping[str, str], parents: set[str]) -> dict[str, list[ForeignKey]]:
    """The foreign keys of `tables` (name → text) that reference one of `parents`, by table."""
    found = {
        name: [key for key in foreign_keys(text) if key.database is None and key.table in parents]
        for name, text in tables.items()
    }
    return {name: keys for name, keys in found.items() if keys}


def _plain(quoted_name: str) -> str:
    return quoted_name[1:-1].replace("``", "`")
