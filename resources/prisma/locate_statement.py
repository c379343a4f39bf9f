"""Where the N-th statement of a script is, for messages only.

The server alone splits scripts for execution. This follows its rules well enough to
name a line: strings, comments, `/*! … */`, and the bodies of stored programs. What
it cannot follow it does not name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<string>'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"|`[^`]*`)
    |(?P<executable>/\*!\d*)
    |(?P<comment>/\*.*?(?:\*/|\Z)|--(?=\s|\Z)[^\n]*|\#[^\n]*)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<end>;)
    |(?P<other>[^\s])""",
    re.DOTALL | re.VERBOSE,
)
_PROGRAMS = frozenset({"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"})
# `END IF` and the like close what is not counted as opened.
_ENDS_OF_UNCOUNTED = frozenset({"IF", "LOOP", "WHILE", "REPEAT"})


@dataclass(frozen=True)
class Statement:
    number: int
    """From 1, as the server counts."""
    line: int
    """From 1: where its first word stands."""
    text: str


def locate(script: str, number: int) -> Statement | None:
    """The statement, or None where the script seems to have fewer."""
    for statement in statements(script):
        if statement.number == number:
            return statement
    return None


def count_statements(script: str) -> int:
    return sum(1 for _ in statements(script))


def first_word(script: str) -> str:
    """The first word outside comments in capitals; "" for an executable comment or none."""
    for token in _TOKEN.finditer(script):
        if token.lastgroup == "comment":
            continue
        return token.group().upper() if token.lastgroup == "word" else ""
    return ""


def statements(script: str) -> Iterator[Statement]:
    """In order. Where one ends is guessed, as the head of this file says."""
    number = 0
    first: re.Match[str] | None = None
    last_end = 0
    line, counted_to = 1, 0
    body = _Body()
    for token in _TOKEN.finditer(script):
        kind = token.lastgroup
        if kind == "comment":
            continue
        if kind == "end" and body.is_closed:
            number += 1
            start = first.start() if first else token.start()
            line += script.count("\n", counted_to, start)
            counted_to = start
            yield Statement(number, line, script[start : token.start()].strip())
            first, body = None, _Body()
            continue
        first = first or token
        last_end = token.end()
        if kind == "word":
            body.see(token.group().upper())
    if first:
        line += script.count("\n", counted_to, first.start())
        yield Statement(number + 1, line, script[first.start() : last_end].strip())


class _Body:
    """Follows BEGIN … END inside CREATE PROCEDURE, FUNCTION, TRIGGER and EVENT."""

    def __init__(self) -> None:
        self._words = 0
        self._is_create = False
        self._is_program = False
        self._depth = 0
        self._after_end = False

    @property
    def is_closed(self) -> bool:
        return self._depth - self._pending_end <= 0

    @property
    def _pending_end(self) -> int:
        return 1 if self._after_end else 0

    def see(self, word: str) -> None:
        self._words += 1
        if self._words == 1:
            self._is_create = word == "CREATE"
        if not self._is_create:
            return
        if not self._is_program:
            self._is_program = word in _PROGRAMS
            return
        if self._after_end:
            self._after_end = False
            if word in _ENDS_OF_UNCOUNTED:
                return
            self._depth -= 1
            if word == "CASE":
                return
        if word == "END":
            self._after_end = True
        elif word in ("BEGIN", "CASE"):
            self._depth += 1
