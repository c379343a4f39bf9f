"""A watcher that remembers what it was told."""

from __future__ import annotations

from resources.progress import Step


class _Step:
    def advance(self, amount: float) -> None:
        pass

    def note(self, text: str) -> None:
        pass


class Heard:
    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, title: str, total: float | None, unit: str) -> Step:
        return _Step()

    def end(self, step: Step, error: BaseException | None) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)
