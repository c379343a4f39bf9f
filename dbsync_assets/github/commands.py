"""The workflow commands that a runner reads from a step's output, and text in which it finds none."""

from __future__ import annotations

from uuid import uuid4

from resources.redact import inert, redact

LONGEST = 4000
"""Characters of a message; the runner cuts an annotation at 64 kB."""


def annotation(
    level: str, message: str, *, title: str = "", file: str | None = None, line: int | None = None
) -> str:
    """`::error file=…,line=…,title=…::message`. level: error, warning or notice."""
    given = {"file": file, "line": line if file else None, "title": title}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in given.items() if value)
    return f"::{level}{' ' if properties else ''}{properties}::{_data(message[:LONGEST])}"


def add_mask(secret: str) -> str:
    """The one command with a secret in it: for the runner alone, which prints stars instead."""
    return f"::add-mask::{_escaped(secret)}"


def stop_commands() -> tuple[str, str]:
    """The line behind which the runner obeys nothing, and the one that ends that. Nobody can guess it."""
    token = f"dbsync-{uuid4().hex}"
    return f"::stop-commands::{token}", f"::{token}::"


def inert_line(line: str) -> str:
    """A line of output in which the runner finds no command of either kind.

    What replaces the colon and the hash is an escape in JSON too: a document stays the same.
    """
    behind = line.lstrip()
    if behind.startswith("::"):
        line = f"{line[: len(line) - len(behind)]}:\\u003a{behind[2:]}"
    return line.replace("##[", "#\\u0023[")


def _data(text: str) -> str:
    return _escaped("\n".join(inert_line(inert(line)) for line in redact(text).split("\n")))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
