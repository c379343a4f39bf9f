"""Statements as Prisma prints them."""

from __future__ import annotations

from collections.abc import Sequence

from resources.mysql.connection import quoted
from resources.prisma.generate.datamodel import Column, Datamodel, ForeignKey, Index, KeyPart, Table

_OPTIONS = "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"


def column(one: Column) -> str:
    return (
        f"{quoted(one.name)} {one.type} {'NULL' if one.nullable else 'NOT NULL'}"
        f"{' AUTO_INCREMENT' if one.auto_increment else ''}"
        f"{'' if one.default is None else f' DEFAULT {one.default}'}"
    )


def modify(one: Column, default: str | None) -> str:
    return (
        f"MODIFY {quoted(one.name)} {one.type} {'NULL' if one.nullable else 'NOT NULL'}"
        f"{'' if default is None else f' DEFAULT {default}'}"
        f"{' AUTO_INCREMENT' if one.auto_increment else ''}"
    )


def parts(key: Sequence[KeyPart]) -> str:
    return ", ".join(
        quoted(part.column)
        + (f"({part.length})" if part.length else "")
        + (f" {part.order}" if part.order else "")
        for part in key
    )


def create_table(table: Table) -> str:
    lines = [column(one) for one in table.columns.values()]
    keys = [
        f"{index.kind + ' ' if index.kind else ''}INDEX {quoted(index.name)}({parts(index.parts)})"
        for index in table.indexes
    ]
    if table.primary_key:
        keys.append(f"PRIMARY KEY ({parts(table.primary_key)})")
    body = ",\n    ".join(lines) + (",\n\n    " + ",\n    ".join(keys) if keys else "")
    return f"CREATE TABLE {quoted(table.name)} (\n    {body}\n) {_OPTIONS}"


def create_index(table: str, index: Index) -> str:
    kind = f"{index.kind} " if index.kind else ""
    return f"CREATE {kind}INDEX {quoted(index.name)} ON {quoted(table)}({parts(index.parts)})"


def drop_index(table: str, name: str) -> str:
    return f"DROP INDEX {quoted(name)} ON {quoted(table)}"


def rename_index(table: str, old: str, new: str) -> str:
    return f"ALTER TABLE {quoted(table)} RENAME INDEX {quoted(old)} TO {quoted(new)}"


def add_foreign_key(table: str, key: ForeignKey) -> str:
    def names(columns: Sequence[str]) -> str:
        return ", ".join(quoted(one) for one in columns)

    return (
        f"ALTER TABLE {quoted(table)} ADD CONSTRAINT {quoted(key.name)} FOREIGN KEY ({names(key.columns)})"
        f" REFERENCES {quoted(key.table)}({names(key.references)})"
        f" ON DELETE {key.on_delete} ON UPDATE {key.on_update}"
    )


def drop_foreign_key(table: str, name: str) -> str:
    return f"ALTER TABLE {quoted(table)} DROP FOREIGN KEY {quoted(name)}"


def script(steps: Sequence[tuple[str, str]], warnings: Sequence[str] = ()) -> str:
    """steps: (Prisma's title, statements without the last semicolon). "" for none."""
    return heading(warnings) + "\n".join(f"-- {title}\n{statement};\n" for title, statement in steps)


def heading(warnings: Sequence[str]) -> str:
    """What Prisma writes in front of a migration that may lose something; "" for none."""
    if not warnings:
        return ""
    listed = "".join(f"  - {warning}\n" for warning in warnings)
    return f"/*\n  Warnings:\n\n{listed}\n*/\n"


def whole(model: Datamodel) -> str:
    """All of it on an empty database."""
    steps = [("CreateTable", create_table(table)) for table in model.tables.values()]
    steps += [("AddForeignKey", add_foreign_key(table, key)) for table, key in model.foreign_keys]
    return script(steps)
