"""`dbsync generate`: the next migration, written from the schema file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load, watching
from dbsync_assets.cli.output import emit_json, safe, say, stderr
from resources.errors import UsageError

if TYPE_CHECKING:
    from resources.prisma.generate.generate import By
    from resources.prisma.generate.renames import Question


def register(app: typer.Typer) -> None:
    app.command("generate")(generate)


def generate(
    name: Annotated[str, typer.Argument(help="What it does, as in add_phone_number.", show_default=False)],
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename", help="Model.old=new, or Old=New for a table: keeps the values.", show_default=False
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            "--drop", help="Model.old, or Old for a table: its values are to be lost.", show_default=False
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="auto|prisma|dbsync", help="Who writes: the project's Prisma CLI, or dbsync."
        ),
    ] = "auto",
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Write the next migration from schema.prisma, as `prisma migrate dev --create-only` would.

    The project's own Prisma CLI writes it where its engine runs, on a private server; else dbsync
    does, from Prisma's own parse of the schema, in Prisma's form. The new migration is replayed and
    compared before it is left there, whoever wrote it. Where a column or table disappears and one
    like it appears, it asks whether that is a rename. Applies nothing: read what was written, then
    `dbsync check` and `dbsync deploy`.
    """
    from resources.prisma.find_folder import find_schema
    from resources.prisma.generate.generate import generate as write
    from resources.prisma.generate.renames import Undecided, answered, decisions

    given = decisions(rename or [], drop or [])
    loaded = load(Path(project))
    while True:
        try:
            with watching():
                made = write(
                    loaded.target,
                    name,
                    schema=find_schema(loaded.project),
                    project=loaded.project,
                    by=_writer(by),
                    given=given,
                )
            break
        except Undecided as undecided:
            if as_json or not _person_watches():
                raise
            # One at a time: what became of a table decides what is open in it.
            given = answered(given, undecided.questions[0], _ask(undecided.questions[0]))
    if as_json:
        emit_json({"ok": True, **made.as_dict()})
        return
    if made.name is None:
        say("nothing to do: the migrations make what the schema asks for")
        return
    say(made.script)
    for warning in made.warnings:
        say(f"! {warning}")
    say(f"written by {made.written_by}: {made.path}")
    say("next: read it, then dbsync check")


def _writer(by: str) -> By:
    for known in ("auto", "prisma", "dbsync"):
        if by == known:
            return known
    raise UsageError(f"--by {by}: it is auto, prisma or dbsync")


def _person_watches() -> bool:
    return sys.stdin.isatty() and stderr.is_terminal


def _ask(question: Question) -> str:
    """The new name, or "" for a drop."""
    choices = [*question.new, ""]
    stderr.print(safe(f"{question.name} is no longer in the schema. What became of it?"))
    for number, choice in enumerate(choices, start=1):
        text = f"renamed to {choice}" if choice else "dropped, its values are to be lost"
        stderr.print(safe(f"  {number}  {text}"))
    while True:
        answer = typer.prompt("number", err=True)
        if answer.isdigit() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1]
