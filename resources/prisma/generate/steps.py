"""All statements from the tables that are there to the wanted ones, in Prisma's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from resources.mysql.connection import quoted
from resources.prisma.generate import render
from resources.prisma.generate.alter import TableChange, changes
from resources.prisma.generate.datamodel import Datamodel
from resources.prisma.generate.live import LiveTable


@dataclass(frozen=True)
class Steps:
    """steps: (Prisma's title, statement)."""

    steps: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]

    @property
    def statements(self) -> str:
        """Without what is to be warned of; "" where nothing is to be done."""
        return render.script(self.steps)

    @property
    def script(self) -> str:
        """A whole migration.sql; "" where nothing is to be done."""
        return render.script(self.steps, self.warnings)


def steps(have: Mapping[str, LiveTable], wanted: Datamodel, twins: Mapping[str, LiveTable]) -> Steps:
    """have: what the migrations make. twins: what `wanted` makes, as the server prints it."""
    changed: dict[str, TableChange] = {}
    for name in sorted(set(have) & set(wanted.tables)):
        keys = [key for table, key in wanted.foreign_keys if table == name]
        changed[name] = changes(have[name], wanted.tables[name], twins[name], keys)
    gone = [have[name] for name in sorted(set(have) - set(wanted.tables))]
    created = [table for name, table in wanted.tables.items() if name not in have]
    found: list[tuple[str, str]] = []

    def add(title: str, statements: list[str]) -> None:
        found.extend((title, statement) for statement in statements)

    keys_of = {name: list(change.dropped_keys) for name, change in changed.items()}
    for table in gone:
        keys_of[table.name] = [render.drop_foreign_key(table.name, key.name) for key in table.foreign_keys]
    for name in sorted(keys_of):
        add("DropForeignKey", keys_of[name])
    for change in changed.values():
        add("DropIndex", change.dropped_indexes)
    for change in changed.values():
        add("AlterTable", change.altered)
    add("DropTable", [f"DROP TABLE {quoted(table.name)}" for table in gone])
    add("CreateTable", [render.create_table(table) for table in created])
    for change in changed.values():
        add("CreateIndex", change.created_indexes)
    new = {table.name for table in created}
    for table, key in wanted.foreign_keys:
        if table in new or (table in changed and key in changed[table].added_keys):
            add("AddForeignKey", [render.add_foreign_key(table, key)])
    for change in changed.values():
        add("RenameIndex", change.renamed_indexes)
    return Steps(tuple(found), tuple(_warnings(changed, [table.name for table in gone])))


def _warnings(changed: Mapping[str, TableChange], gone: list[str]) -> list[str]:
    found = [warning for change in changed.values() for warning in change.warnings]
    found += [
        f"You are about to drop the `{name}` table."
        " If the table is not empty, all the data it contains will be lost."
        for name in gone
    ]
    # Prisma warns of new unique keys last, because it makes them last.
    found.sort(key=lambda warning: warning.startswith("A unique constraint"))
    return found + [one for change in changed.values() for one in change.hindrances]
