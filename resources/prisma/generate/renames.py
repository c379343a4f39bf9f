"""What may be a rename: something disappears where something appears that could hold its values.

A schema file does not say which it is, and to drop and add loses every value. So nobody guesses; the
type may have changed with the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resources.errors import UndecidedRenameError, UsageError
from resources.mysql.connection import quoted
from resources.prisma.generate.casts import cast
from resources.prisma.generate.datamodel import Datamodel
from resources.prisma.generate.live import LiveTable
from resources.redact import inert


@dataclass(frozen=True)
class Question:
    """table: the one a column is in; empty where a whole table is meant."""

    table: str
    old: str
    new: tuple[str, ...]
    """What it may have become."""

    @property
    def name(self) -> str:
        return f"{self.table}.{self.old}" if self.table else self.old

    @property
    def answers(self) -> list[str]:
        """The options that answer it."""
        return [*(f"--rename {self.name}={one}" for one in self.new), f"--drop {self.name}"]


@dataclass(frozen=True)
class Decisions:
    """What a person said: "Table.old" or "Table" → new name, and what is to be dropped."""

    renamed: Mapping[str, str]
    dropped: frozenset[str] = frozenset()


class Undecided(UndecidedRenameError):
    """Carries the questions, for whoever can ask a person."""

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__(
            "something disappears where something like it appears: renamed, or dropped?",
            where=inert("; ".join(one.name for one in questions)),
            why="a rename keeps the values, a drop loses them, and the schema file does not say which",
            hint=inert("; ".join(" or ".join(one.answers) for one in questions)),
        )
        self.questions = tuple(questions)


def answered(given: Decisions, question: Question, new: str) -> Decisions:
    """With the answer to one question; `new` is "" for a drop."""
    if not new:
        return Decisions(given.renamed, given.dropped | {question.name})
    old_names = {new: old for old, new in given.renamed.items() if "." not in old}
    table = old_names.get(question.table, question.table)
    return Decisions(
        {**given.renamed, f"{table}.{question.old}" if table else question.old: new}, given.dropped
    )


def decisions(renames: Sequence[str], drops: Sequence[str]) -> Decisions:
    """From `Model.old=new` or `Old=New`, and `Model.old` or `Old`. Raises UsageError."""
    found: dict[str, str] = {}
    for one in renames:
        old, sign, new = one.partition("=")
        new = new.rpartition(".")[2] if "." in old else new
        if not (sign and old and new):
            raise UsageError(f"--rename {one}: a rename is Model.old=new, or Old=New for a table")
        found[old] = new
    return Decisions(found, frozenset(drops))


def in_database_names(given: Decisions, have: Mapping[str, LiveTable], wanted: Datamodel) -> Decisions:
    """The same with models and fields as their tables and columns. Raises UsageError for unknown names."""
    models = {table.model: table.name for table in wanted.tables.values() if table.model}

    def place(name: str) -> tuple[str, str]:
        model, _, column = name.partition(".")
        table = models.get(model, model)
        was = next(
            (old for old, new in given.renamed.items() if "." not in old and models.get(new, new) == table),
            table,
        )
        there = have.get(table) or have.get(was)
        if there is None or (column and column not in there.columns):
            raise UsageError(
                f"the migrations make no {'column' if column else 'table'} {name}",
                hint="name what disappears as the database has it: --rename Model.old=new",
            )
        return table if table in have else there.name, column

    renamed: dict[str, str] = {}
    for old, new in given.renamed.items():
        table, column = place(old)
        if not column:
            renamed[table] = models.get(new, new)
            continue
        target = wanted.tables.get(given.renamed.get(table, table)) or wanted.tables.get(table)
        fields = {one.field: one.name for one in target.columns.values()} if target else {}
        renamed[f"{table}.{column}"] = fields.get(new, new)
    return Decisions(renamed, frozenset(".".join(filter(None, place(one))) for one in given.dropped))


def statements(given: Decisions) -> list[tuple[str, str]]:
    """The renames as steps of a migration; columns before the tables they are in."""
    columns = [
        (
            "AlterTable",
            f"ALTER TABLE {quoted(old.partition('.')[0])} RENAME COLUMN"
            f" {quoted(old.partition('.')[2])} TO {quoted(new)}",
        )
        for old, new in given.renamed.items()
        if "." in old
    ]
    tables = [
        ("RenameTable", f"ALTER TABLE {quoted(old)} RENAME TO {quoted(new)}")
        for old, new in given.renamed.items()
        if "." not in old
    ]
    return columns + tables


def questions(
    have: Mapping[str, LiveTable],
    wanted: Datamodel,
    twins: Mapping[str, LiveTable],
    given: Decisions,
) -> Iterator[Question]:
    """What is still to be decided, after the renames were made."""
    old_names = {new: old for old, new in given.renamed.items() if "." not in old}
    appeared = [name for name in wanted.tables if name not in have]
    for name in sorted(set(have) - set(wanted.tables) - given.dropped):
        like = tuple(one for one in appeared if _alike(have[name], twins[one]))
        if like:
            yield Question("", name, like)
    for name in sorted(set(have) & set(wanted.tables)):
        columns, twin = have[name].columns, twins[name].columns
        for column in sorted(set(columns) - set(twin)):
            like = tuple(
                one
                for one in twin
                if one not in columns and cast(columns[column].type, twin[one].type) != "never"
            )
            names = {f"{name}.{column}", f"{old_names.get(name, name)}.{column}"}
            if like and not names & given.dropped:
                yield Question(name, column, like)


def _alike(one: LiveTable, other: LiveTable) -> bool:
    """Whether a column is in both, of a type that its values would survive."""
    return any(
        name in other.columns and cast(column.type, other.columns[name].type) != "never"
        for name, column in one.columns.items()
    )
