"""The tables that a schema file asks for, under the names they have in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """type: as Prisma prints it (`VARCHAR(191)`). default: an SQL expression, or None."""

    name: str
    type: str
    nullable: bool = False
    default: str | None = None
    auto_increment: bool = False
    filled_by_client: bool = False
    """Prisma Client makes its values up (`uuid()`, `cuid()`, `@updatedAt`), the database does not."""
    any_default: bool = False
    """What default the database has is not said (`dbgenerated()`) or not compared (JSON, times)."""
    field: str = ""


@dataclass(frozen=True)
class KeyPart:
    column: str
    length: int | None = None
    order: str | None = None
    """ASC or DESC where it is said."""


@dataclass(frozen=True)
class Index:
    """kind: "", "UNIQUE" or "FULLTEXT"."""

    name: str
    kind: str
    parts: tuple[KeyPart, ...]


@dataclass(frozen=True)
class ForeignKey:
    name: str
    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]
    on_delete: str
    on_update: str


@dataclass
class Table:
    """model: its name in the schema file; empty for the table of a many-to-many relation."""

    name: str
    model: str = ""
    columns: dict[str, Column] = field(default_factory=dict)
    primary_key: tuple[KeyPart, ...] = ()
    indexes: list[Index] = field(default_factory=list)


@dataclass(frozen=True)
class Datamodel:
    """foreign_keys: (table, key) in the order in which Prisma adds them."""

    tables: Mapping[str, Table]
    foreign_keys: tuple[tuple[str, ForeignKey], ...]
