"""What one table needs: its columns, keys and foreign keys beside those that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from resources.mysql.connection import quoted
from resources.prisma.generate import render
from resources.prisma.generate.columns import ColumnChange, added_required
from resources.prisma.generate.datamodel import ForeignKey, Index, KeyPart, Table
from resources.prisma.generate.live import LiveTable


@dataclass
class TableChange:
    """Statements by the phase in which Prisma runs them, and its warnings."""

    dropped_keys: list[str] = field(default_factory=list)
    dropped_indexes: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    created_indexes: list[str] = field(default_factory=list)
    added_keys: list[ForeignKey] = field(default_factory=list)
    renamed_indexes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """Of data that could be lost."""
    hindrances: list[str] = field(default_factory=list)
    """Of what fails where there are rows."""


def changes(have: LiveTable, wanted: Table, twin: LiveTable, keys: Sequence[ForeignKey]) -> TableChange:
    """From the table that is there to the wanted one.

    twin: the wanted table as the server prints it. keys: its wanted foreign keys.
    """
    found = TableChange()
    altered = [
        ColumnChange(wanted.name, column, twin.columns[name], wanted.columns[name])
        for name, column in have.columns.items()
        if name in wanted.columns
    ]
    altered = [one for one in altered if one.any]
    _columns(found, have, wanted, altered)
    _foreign_keys(found, have, keys, altered)
    _indexes(found, have, wanted, keys)
    return found


def _columns(found: TableChange, have: LiveTable, wanted: Table, altered: Sequence[ColumnChange]) -> None:
    retyped = {one.previous.name for one in altered if one.cast}
    key_changed = _plain(have.primary_key) != _plain(wanted.primary_key) or any(
        part.column in retyped for part in have.primary_key
    )
    clauses: list[str] = []
    if key_changed and have.primary_key:
        found.warnings.append(
            f"The primary key for the `{wanted.name}` table will be changed."
            " If it partially fails, the table could be left without primary key constraint."
        )
        clauses.append("DROP PRIMARY KEY")
    for name in sorted(set(have.columns) - set(wanted.columns)):
        clauses.append(f"DROP COLUMN {quoted(name)}")
        found.warnings.append(
            f"You are about to drop the column `{name}` on the `{wanted.name}` table."
            " All the data in the column will be lost."
        )
    for name in sorted(set(wanted.columns) - set(have.columns)):
        column = wanted.columns[name]
        clauses.append(f"ADD COLUMN {render.column(column)}")
        lacks = column.default is None and not column.auto_increment and not column.any_default
        if not column.nullable and (lacks or column.type == "JSON"):
            found.hindrances.append(added_required(wanted.name, column))
    for one in altered:
        clauses += one.clauses()
        warnings, hindrances = one.warnings()
        found.warnings += warnings
        found.hindrances += hindrances
    if key_changed and wanted.primary_key:
        clauses.append(f"ADD PRIMARY KEY ({render.parts(wanted.primary_key)})")
    if clauses:
        found.altered.append(f"ALTER TABLE {quoted(wanted.name)} " + ",\n    ".join(clauses))


def _foreign_keys(
    found: TableChange, have: LiveTable, keys: Sequence[ForeignKey], altered: Sequence[ColumnChange]
) -> None:
    # MySQL takes no NOT NULL and no new type in a column while a foreign key is on it.
    touched = {one.previous.name for one in altered if one.cast or (one.arity and one.previous.nullable)}
    kept: list[tuple[ForeignKey, ForeignKey]] = []
    free = list(have.foreign_keys)
    new: list[ForeignKey] = []
    for key in keys:
        same = next((one for one in free if _same(one, key) and not touched & set(one.columns)), None)
        if same is not None:
            free.remove(same)
            kept.append((same, key))
        else:
            new.append(key)
    many_to_many = set(have.columns) == {"A", "B"}
    for old, key in kept:
        if old.name != key.name and not many_to_many:
            new.append(key)
            free.append(old)
    gone = [one for one in have.foreign_keys if one in free]
    found.dropped_keys += [render.drop_foreign_key(have.name, one.name) for one in gone]
    found.added_keys += [key for key in keys if key in new]


def _same(one: ForeignKey, other: ForeignKey) -> bool:
    return (one.columns, one.table, one.references, one.on_delete, one.on_update) == (
        other.columns,
        other.table,
        other.references,
        other.on_delete,
        other.on_update,
    )


def _indexes(
    found: TableChange,
    have: LiveTable,
    wanted: Table,
    keys: Sequence[ForeignKey],
) -> None:
    dropped = [one for one in have.indexes if not any(_alike(one, other) for other in wanted.indexes)]
    made_anew = list(found.added_keys)
    for index in sorted(dropped, key=lambda one: one.name):
        # One that goes, or is made anew, takes its index with it, as Prisma has it since version 6.
        needed = [key for key in keys if _covers(index, key.columns) and key not in made_anew]
        if needed and not _covered(wanted, needed[0].columns):
            continue  # the server made it for the foreign key, or would at once
        stay = [one for one in have.indexes if one not in dropped]
        for key in needed:
            if key not in found.added_keys and not any(_covers(one, key.columns) for one in stay):
                # MySQL keeps an index that a foreign key needs, until its successor is there.
                found.dropped_keys.append(render.drop_foreign_key(have.name, key.name))
                found.added_keys.append(key)
        found.dropped_indexes.append(render.drop_index(have.name, index.name))
    for index in wanted.indexes:
        alike = [one for one in have.indexes if _alike(one, index)]
        if not alike:
            found.created_indexes.append(render.create_index(wanted.name, index))
            if index.kind == "UNIQUE":
                columns = ",".join(part.column for part in index.parts)
                found.warnings.append(
                    f"A unique constraint covering the columns `[{columns}]` on the table"
                    f" `{wanted.name}` will be added. If there are existing duplicate values, this will fail."
                )
        elif len(alike) == 1 and alike[0].name != index.name:
            # Two wanted indexes may be alike: the second one is then not there yet.
            twins = [one for one in wanted.indexes if _alike(one, index)]
            if twins[0] is index:
                found.renamed_indexes.append(render.rename_index(wanted.name, alike[0].name, index.name))


def _covers(index: Index, columns: Sequence[str]) -> bool:
    return tuple(part.column for part in index.parts[: len(columns)]) == tuple(columns)


def _covered(table: Table, columns: Sequence[str]) -> bool:
    keys = [table.primary_key, *(index.parts for index in table.indexes if index.kind != "FULLTEXT")]
    return any(tuple(part.column for part in key[: len(columns)]) == tuple(columns) for key in keys)


def _alike(one: Index, other: Index) -> bool:
    return one.kind == other.kind and _plain(one.parts) == _plain(other.parts)


def _plain(parts: Sequence[KeyPart]) -> list[tuple[str, int | None, bool]]:
    return [(part.column, part.length, part.order == "DESC") for part in parts]
