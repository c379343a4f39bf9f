"""How long work tells whoever is watching how far it is.

Domain code calls `step(...)`; what becomes of it is the caller's business: the
command draws bars, a test records. A context variable carries the watcher, so no
function needs a parameter for it; threads get it through `contextvars.copy_context().run`.
Listeners belong to the whole process: they hear everything, whoever watches (the log does).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


class Step(Protocol):
    """One piece of work: `total` and `done` in the unit named when it began."""

    def advance(self, amount: float) -> None: ...
    def note(self, text: str) -> None: ...


class Watcher(Protocol):
    def begin(self, title: str, total: float | None, unit: str) -> Step: ...
    def end(self, step: Step, error: BaseException | None) -> None: ...
    def say(self, text: str) -> None: ...


class Listener(Watcher, Protocol):
    def left(self, phase: str, seconds: float, error: BaseException | None) -> None:
        """A phase of a deployment has ended; called while it is still the current one."""
        ...

    def failed(self, text: str) -> None:
        """A command ends with this error."""
        ...


@dataclass
class Circumstances:
    """What this process is about. A process works on one deployment at a time: the lock sees to it."""

    command: str = ""
    target: str = ""
    deployment: str = ""
    phase: str = ""


circumstances = Circumstances()
_listeners: list[Listener] = []


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


class _Fan:
    """One step as several watchers see it."""

    def __init__(self, watchers: Sequence[Watcher], title: str, total: float | None, unit: str) -> None:
        self._seen = [(watcher, watcher.begin(title, total, unit)) for watcher in watchers]

    def advance(self, amount: float) -> None:
        for _, current in self._seen:
            current.advance(amount)

    def note(self, text: str) -> None:
        for _, current in self._seen:
            current.note(text)

    def end(self, error: BaseException | None) -> None:
        for watcher, current in self._seen:
            watcher.end(current, error)


def _watchers() -> list[Watcher]:
    return [_watcher.get() or _SILENT, *_listeners]


@contextmanager
def step(title: str, total: float | None = None, unit: str = "") -> Iterator[Step]:
    """A piece of work with a title; `unit` is "bytes", "rows", "tables" or ""."""
    current = _Fan(_watchers(), title, total, unit)
    try:
        yield current
    except BaseException as error:
        current.end(error)
        raise
    current.end(None)


def say(text: str) -> None:
    """One line for the watcher that belongs to no step (which engine, and why)."""
    for watcher in _watchers():
        watcher.say(text)


@contextmanager
def phase(name: str) -> Iterator[None]:
    """What is done inside belongs to this phase of the deployment."""
    before, circumstances.phase = circumstances.phase, name
    begun, failure = time.monotonic(), None
    try:
        yield
    except BaseException as error:
        failure = error
        raise
    finally:
        for listener in _listeners:
            listener.left(name, time.monotonic() - begun, failure)
        circumstances.phase = before


def failed(text: str) -> None:
    """The error that a command ends with, for the listeners: whoever watches is shown it otherwise."""
    for listener in _listeners:
        listener.failed(text)


def listen(listener: Listener) -> None:
    """Everything is told to `listener` too, until `leave`."""
    _listeners.append(listener)


def leave(listener: Listener) -> None:
    if listener in _listeners:
        _listeners.remove(listener)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    listen(listener)
    try:
        yield
    finally:
        leave(listener)
