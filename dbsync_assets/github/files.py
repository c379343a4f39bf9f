"""The files by which a runner takes outputs, variables and the summary of a step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from resources.redact import inert, redact


def set_values(file: Path | None, values: Mapping[str, object]) -> None:
    """Outputs or variables, each on one line. The delimiter is a new one: no value can end its own."""
    if file is None:
        return
    lines: list[str] = []
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        end = f"dbsync_{uuid4().hex}"
        lines += [f"{name}<<{end}", inert(redact(text).replace("\n", " ")), end]
    _append(file, lines)


def add_summary(file: Path | None, markdown: list[str]) -> None:
    if file is not None:
        _append(file, markdown)


def _append(file: Path, lines: list[str]) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write("".join(f"{line}\n" for line in lines))
