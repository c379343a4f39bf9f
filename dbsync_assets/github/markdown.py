"""Untrusted text in Markdown: nothing in it is a link, an image, HTML, a mention or a table's bar."""

from __future__ import annotations

from resources.redact import inert, redact

_LONGEST = 600


def code(text: object, *, longest: int = _LONGEST) -> str:
    """Text in a fixed font, on one line.

    Every character that could mean something is written as a reference, which Markdown takes
    for text alone; inside <code> GitHub looks for neither mentions nor numbers of issues.
    """
    plain = " ".join(inert(line) for line in redact(str(text)).split("\n"))
    shown = plain if len(plain) <= longest else plain[:longest] + " …"
    return f"<code>{''.join(map(_character, shown))}</code>"


def _character(one: str) -> str:
    return one if one.isalnum() or one == " " or ord(one) > 0x7F else f"&#{ord(one)};"


def table(rows: list[tuple[str, str]], *, head: tuple[str, str] = ("", "")) -> list[str]:
    """Cells are Markdown that is ready."""
    return [f"| {head[0]} | {head[1]} |", "|---|---|", *(f"| {name} | {cell} |" for name, cell in rows), ""]
