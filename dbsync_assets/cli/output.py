"""Everything the command prints goes through here, where secrets are taken out."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dbsync_assets.github.commands import inert_line
from resources.errors import DbsyncError
from resources.progress import Step
from resources.redact import inert, redact, redact_value
from resources.settings_work import github_runner

# Reports go to stdout, progress to stderr, so that `dbsync … --json | jq` works.
stdout = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def safe(text: object) -> str:
    """Text made fit to print: no secrets, no control characters, no markup, no command to a runner."""
    return escape("\n".join(map(_line, redact(str(text)).split("\n"))))


def _line(text: str) -> str:
    return inert_line(inert(text)) if github_runner() else inert(text)


def say(text: object, style: str = "") -> None:
    stdout.print(safe(text), style=style or None)


def note(text: object) -> None:
    """One line beside the report: what is going on."""
    stderr.print(f"[dim]·[/] {safe(text)}")


def write_nowhere() -> None:
    """So that saying goodbye to nobody is no further error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


_emitted = False


def emit_json(value: object) -> None:
    """The one JSON document of this command on stdout; a second one would break every parser."""
    global _emitted
    if _emitted:
        return
    _emitted = True
    text = json.dumps(redact_value(value), indent=2, ensure_ascii=False, default=str)
    if github_runner():
        text = "\n".join(map(inert_line, text.split("\n")))
    sys.stdout.write(text + "\n")


_SHORT = 12
"""Characters of a cell that is not broken."""
_ANY_WIDTH = 10_000


def table(title: str, columns: list[str], rows: list[list[object]]) -> None:
    shown = Table(
        title=safe(title), title_justify="left", title_style="bold", show_edge=False, pad_edge=False
    )
    for number, column in enumerate(columns):
        # Figures, and what a row is named by, stay in one piece: ids are copied from the screen.
        longest = max((len(str(row[number])) for row in rows), default=0)
        shown.add_column(column, overflow="fold", no_wrap=number == 0 or longest <= _SHORT)
    for row in rows:
        shown.add_row(*(safe(cell) for cell in row))
    if stdout.is_terminal:
        stdout.print(shown)
        return
    # A file or a log has no width: at the 80 of a guess, ids are broken into single letters.
    usual, stdout.width = stdout.width, _ANY_WIDTH
    stdout.print(shown)
    stdout.width = usual


def show_error(error: DbsyncError) -> None:
    lines = str(error).split("\n")
    stderr.print(f"[bold red]✗[/] {safe(lines[0])}")
    for line in lines[1:]:
        stderr.print(safe(line))
    cause = error.__cause__
    if isinstance(cause, DbsyncError):
        stderr.print("  after:")
        for line in str(cause).split("\n"):
            stderr.print(f"    {safe(line)}")


def size(count: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return ""


class _Line:
    def __init__(self, title: str, total: float | None, unit: str, bars: Progress | None) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.begun = time.monotonic()
        self.done = 0.0
        self.bars = bars
        self.task = bars.add_task(safe(title), total=total, figures="") if bars else None

    def advance(self, amount: float) -> None:
        self.done += amount
        if self.bars and self.task is not None:
            self.bars.update(self.task, advance=amount, figures=self._figures())

    def note(self, text: str) -> None:
        if self.bars and self.task is not None:
            self.bars.update(self.task, figures=safe(text))

    def _figures(self) -> str:
        if self.unit == "bytes":
            return size(self.done) + (f" of {size(self.total)}" if self.total else "")
        return f"{self.done:,.0f}" + (f" of {self.total:,.0f}" if self.total else "") + f" {self.unit}"


class Terminal:
    """Progress on stderr: bars where a person watches, one line a step where a log is kept."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        if stderr.is_terminal:
            self._bars = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[figures]}"),
                TimeElapsedColumn(),
                console=stderr,
                transient=True,
            )

    def __enter__(self) -> Terminal:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bars:
            self._bars.stop()

    def begin(self, title: str, total: float | None, unit: str) -> Step:
        return _Line(title, total, unit, self._bars)

    def end(self, step: Step, error: BaseException | None) -> None:
        assert isinstance(step, _Line)
        if self._bars and step.task is not None:
            self._bars.remove_task(step.task)
        mark = "[red]✗[/]" if error else "[green]✓[/]"
        figures = f" ({step._figures()})" if step.done else ""
        stderr.print(f"{mark} {safe(step.title)}{figures} {time.monotonic() - step.begun:.1f} s")

    def say(self, text: str) -> None:
        note(text)
