"""Turns what progress tells into lines, and gives each line to a sink."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from resources.log.line import Kind, Level, Line, now
from resources.progress import Step, circumstances

NOTE_SECONDS = 10.0
"""A step that says every half second what it waits for fills no log."""


class LineListener:
    """`sink` takes each line as it comes; it raises nothing."""

    def __init__(self, sink: Callable[[Line], None]) -> None:
        self._sink = sink

    def begin(self, title: str, total: float | None, unit: str) -> Step:
        del total
        self._tell("begin", f"{title} …")
        return _LoggedStep(self, title, unit)

    def end(self, step: Step, error: BaseException | None) -> None:
        assert isinstance(step, _LoggedStep)
        figures = f", {step.done:,.0f} {step.unit}".rstrip() if step.done else ""
        seconds = time.monotonic() - step.begun
        if error is None:
            self._tell("end", f"{step.title}: done{figures}", seconds=seconds)
        else:
            self._tell("end", f"{step.title}: failed, {_named(error)}", "error", seconds)

    def say(self, text: str) -> None:
        self._tell("say", text)

    def left(self, phase: str, seconds: float, error: BaseException | None) -> None:
        outcome = f"failed, {_named(error)}" if error else "done"
        self._tell("phase", f"{phase}: {outcome}", "error" if error else "info", seconds)

    def failed(self, text: str) -> None:
        self._tell("error", text, "error")

    def note(self, text: str) -> None:
        self._tell("note", text)

    def _tell(self, kind: Kind, text: str, level: Level = "info", seconds: float | None = None) -> None:
        self._sink(
            Line(
                kind,
                text,
                now(),
                level,
                target=circumstances.target,
                deployment=circumstances.deployment,
                command=circumstances.command,
                phase=circumstances.phase,
                seconds=seconds,
                pid=os.getpid(),
            )
        )


class _LoggedStep:
    def __init__(self, listener: LineListener, title: str, unit: str) -> None:
        self.title, self.unit = title, unit
        self.begun = time.monotonic()
        self.done = 0.0
        self._listener = listener
        self._noted = -NOTE_SECONDS

    def advance(self, amount: float) -> None:
        self.done += amount

    def note(self, text: str) -> None:
        if time.monotonic() - self._noted >= NOTE_SECONDS:
            self._noted = time.monotonic()
            self._listener.note(f"{self.title}: {text}")


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {getattr(error, 'what', error)}"
