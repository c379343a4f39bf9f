"""What has to change of one column, and what Prisma warns of then."""

from __future__ import annotations

from dataclasses import dataclass

from resources.mysql.connection import quoted
from resources.prisma.generate.casts import Cast, cast, enum_values, shown
from resources.prisma.generate.datamodel import Column
from resources.prisma.generate.live import LiveColumn
from resources.prisma.generate.render import column, modify


@dataclass(frozen=True)
class ColumnChange:
    """previous, twin: as the server prints what is there and what is wanted."""

    table: str
    previous: LiveColumn
    twin: LiveColumn
    wanted: Column

    @property
    def cast(self) -> Cast:
        return cast(self.previous.type, self.twin.type)

    @property
    def arity(self) -> bool:
        return self.previous.nullable != self.twin.nullable

    @property
    def default(self) -> bool:
        if self.wanted.any_default:
            # Of moments Prisma compares only whether there is one.
            moment = self.wanted.default is not None and self.previous.default is None
            return moment
        return self.previous.default != self.twin.default

    @property
    def any(self) -> bool:
        counted = self.previous.auto_increment != self.twin.auto_increment
        return bool(self.cast or self.arity or self.default or counted)

    @property
    def recreated(self) -> bool:
        return self.cast == "never"

    def clauses(self) -> list[str]:
        name = quoted(self.previous.name)
        if self.recreated:
            return [f"DROP COLUMN {name}", f"ADD COLUMN {column(self.wanted)}"]
        only_default = (
            not self.cast and not self.arity and self.previous.auto_increment == self.twin.auto_increment
        )
        if only_default and self.wanted.default is None:
            return [f"ALTER COLUMN {name} DROP DEFAULT"]
        kept = self.wanted.any_default and self.wanted.default is None
        return [modify(self.wanted, self.previous.default if kept else self.wanted.default)]

    def warnings(self) -> tuple[list[str], list[str]]:
        """(of data loss, of what cannot run on rows)."""
        table, name = self.table, self.previous.name
        if self.recreated:
            return self._recreated_warnings()
        if self.arity and not self.twin.nullable:
            text = (
                f"Made the column `{name}` on table `{table}` required."
                " This step will fail if there are existing NULL values in that column."
            )
            return [], [text]
        old, new = enum_values(self.previous.type), enum_values(self.twin.type)
        if old is not None and new is not None and not self.arity and not self.default:
            removed = ",".join(one for one in old if one not in new)
            text = (
                f"The values [{removed}] on the enum `{table}_{name}` will be removed."
                " If these variants are still used in the database, this will fail."
            )
            return ([text] if removed else []), []
        if self.cast == "risky":
            text = (
                f"You are about to alter the column `{name}` on the `{table}` table."
                " The data in that column could be lost. The data in that column will be cast from"
                f" `{shown(self.previous.type)}` to `{shown(self.twin.type)}`."
            )
            return [text], []
        return [], []

    def _recreated_warnings(self) -> tuple[list[str], list[str]]:
        table, name = self.table, self.previous.name
        if self.twin.nullable or self.wanted.default is not None:
            text = (
                f"The `{name}` column on the `{table}` table would be dropped and recreated."
                " This will lead to data loss if there is data in the column."
            )
            return [text], []
        if self.previous.nullable:
            return [], [added_required(table, self.wanted)]
        text = (
            f"Changed the type of `{name}` on the `{table}` table. No cast exists, the column would be"
            " dropped and recreated, which cannot be done if there is data, since the column is required."
        )
        return [], [text]


def added_required(table: str, added: Column) -> str:
    """Prisma's warning of a new column that existing rows have no value for."""
    if added.filled_by_client:
        return (
            f"The required column `{added.name}` was added to the `{table}` table with a prisma-level"
            " default value. This is not possible if the table is not empty. Please add this column as"
            " optional, then populate it before making it required."
        )
    return (
        f"Added the required column `{added.name}` to the `{table}` table without a default value."
        " This is not possible if the table is not empty."
    )
