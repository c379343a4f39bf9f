"""How long work tells whoever is watching how far it is.

Domain code calls `step(...)`; what becomes of it is the caller's business: the
command draws bars, Dagster logs lines, a test records. A context variable
carries the watcher, so no function needs a parameter for it; threads get it
through `contextvars.copy_context().run`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Step(Protocol):
    """One piece of work: `total` and `done` in the unit named when it began."""

    def advance(self, amount: float) -> None: ...
    def note(self, text: str) -> None: ...


class Watcher(Protocol):
    def begin(self, title: str, total: float | None, unit: str) -> Step: ...
    def end(self, step: Step, error: BaseException | None) -> None: ...
    def say(self, text: str) -> None: ...


class _SilentStep:
    def advance(self, amount: float) -> None:
        del amount

    def note(self, text: str) -> None:
        del text


class Silent:
    """The watcher of whoever does not watch."""

    def begin(self, title: str, total: float | None, unit: str) -> Step:
        del title, total, unit
        return _SilentStep()

    def end(self, step: Step, error: BaseException | None) -> None:
        del step, error

    def say(self, text: str) -> None:
        del text


_SILENT = Silent()
_watcher: ContextVar[Watcher | None] = ContextVar("dbsync_watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


@contextmanager
def step(title: str, total: float | None = None, unit: str = "") -> Iterator[Step]:
    """A piece of work with a title; `unit` is "bytes", "rows", "tables" or ""."""
    watcher = _watcher.get() or _SILENT
    current = watcher.begin(title, total, unit)
    try:
        yield current
    except BaseException as error:
        watcher.end(current, error)
        raise
    watcher.end(current, None)


def say(text: str) -> None:
    """One line for the watcher that belongs to no step (which engine, and why)."""
    (_watcher.get() or _SILENT).say(text)
