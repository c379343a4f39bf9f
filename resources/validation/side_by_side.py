"""Two texts beside each other as an HTML table, what differs marked."""

from __future__ import annotations

from difflib import SequenceMatcher
from html import escape

from resources.redact import inert

_LONGEST = 400
"""Lines shown of one text; a longer one is cut, which is said."""


def side_by_side(expected: str | None, actual: str | None) -> str:
    """An HTML table of `expected` (left) and `actual` (right). Both texts are escaped."""
    left, right = _lines(expected), _lines(actual)
    body: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for i in range(max(b - a, d - c)):
            one = left[a + i] if a + i < b else None
            other = right[c + i] if c + i < d else None
            if tag == "equal":
                body.append(_row(_cell("", escape(one or "")), _cell("", escape(other or ""))))
            elif one is not None and other is not None:
                marked = _marked(one, other)
                body.append(_row(_cell("gone", marked[0]), _cell("new", marked[1])))
            else:
                empty = _cell("void", "")
                body.append(
                    _row(
                        empty if one is None else _cell("gone", escape(one)),
                        empty if other is None else _cell("new", escape(other)),
                    )
                )
    head = "<tr><th>expected by the migrations</th><th>found in the database</th></tr>"
    table = f'<table class="diff"><thead>{head}</thead><tbody>{"".join(body)}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _lines(text: str | None) -> list[str]:
    if text is None:
        return []
    lines = [inert(line) for line in text.splitlines()]
    return [*lines[:_LONGEST], f"… {len(lines) - _LONGEST} more lines"] if len(lines) > _LONGEST else lines


def _marked(one: str, other: str) -> tuple[str, str]:
    """Both lines with the characters that differ in <mark>, whole words at a time."""
    left, right = _words(one), _words(other)
    shown: tuple[list[str], list[str]] = ([], [])
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for out, words in ((shown[0], left[a:b]), (shown[1], right[c:d])):
            text = escape("".join(words))
            out.append(text if tag == "equal" or not text else f"<mark>{text}</mark>")
    return "".join(shown[0]), "".join(shown[1])


def _words(line: str) -> list[str]:
    words: list[str] = []
    for char in line:
        if words and char.isalnum() and words[-1][-1].isalnum():
            words[-1] += char
        else:
            words.append(char)
    return words


def _cell(kind: str, html: str) -> str:
    return f'<td class="{kind}"><pre>{html}</pre></td>'


def _row(*cells: str) -> str:
    return f"<tr>{''.join(cells)}</tr>"
