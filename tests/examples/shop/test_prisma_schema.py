"""schema.prisma describes the database that the good migrations make, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator

from resources.mysql.connection import rows
from tests.examples.shop.conftest import SHOP

SCHEMA = (SHOP / "prisma" / "schema.prisma").read_text(encoding="utf-8")
ENUMS = {
    name: re.findall(r"^ +(\w+)$", body, re.MULTILINE)
    for name, body in re.findall(r"^enum (\w+) \{(.*?)^\}", SCHEMA, re.MULTILINE | re.DOTALL)
}
TYPES = {
    "Int": "int",
    "BigInt": "bigint",
    "String": "varchar(191)",
    "Boolean": "tinyint(1)",
    "DateTime": "datetime(3)",
    "Float": "double",
    "Json": "json",
}


def models() -> Iterator[tuple[str, str]]:
    """Table name and body of every model."""
    for name, body in re.findall(r"^model (\w+) \{(.*?)^\}", SCHEMA, re.MULTILINE | re.DOTALL):
        mapped = re.search(r'@@map\("(\w+)"\)', body)
        yield mapped[1] if mapped else name, body


def columns(body: str) -> dict[str, tuple[str, str]]:
    """Column name to MySQL type and nullability ("YES" or "NO"), relations left out."""
    found = {}
    for name, kind, optional, rest in re.findall(r"^ +(\w+) +(\w+)(\??)(?: +(@.*))?$", body, re.MULTILINE):
        native = re.search(r"@db\.(\w+)(\([\d, ]+\))?", rest)
        if native:
            kind = (native[1] + (native[2] or "")).lower().replace(" ", "")
        elif kind in ENUMS:
            kind = "enum(" + ",".join(f"'{value}'" for value in ENUMS[kind]) + ")"
        elif kind in TYPES:
            kind = TYPES[kind]
        else:
            continue
        mapped = re.search(r' @map\("(\w+)"\)', f" {rest}")
        found[mapped[1] if mapped else name] = (kind, "YES" if optional else "NO")
    return found


def test_every_model_is_a_table_with_exactly_these_columns(empty):
    described = {table: columns(body) for table, body in models()}
    there: dict[str, dict[str, tuple[str, str]]] = {}
    for table, column, kind, nullable in rows(
        empty,
        "SELECT table_name, column_name, column_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name <> '_ProductToTag'",
    ):
        there.setdefault(table, {})[column] = (kind, nullable)
    assert there == described
    assert len(described) >= 8


def test_every_key_of_the_models_is_a_key_of_the_tables(empty):
    for table, body in models():
        keys = {name for (_, _, name, *_) in rows(empty, f"SHOW INDEX FROM `{table}`")}
        single = len(re.findall(r"@unique", body)) + len(re.findall(r"@@index|@@unique", body))
        named = {name for name in keys if name.endswith(("_key", "_idx"))}
        assert len(named) == single - len(re.findall(r"@@unique", body)), (table, keys)
        relations = len(re.findall(r"fields: \[", body))
        constraints = rows(
            empty,
            "SELECT constraint_name FROM information_schema.referential_constraints"
            " WHERE constraint_schema = DATABASE() AND table_name = %s",
            [table],
        )
        assert len(constraints) == relations, table
