"""The frame of every page, and foreign text inside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from resources.html.style import STYLE
from resources.redact import inert, redact

# Even if something slipped through escaping, a browser would neither run nor fetch it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def html_page(title: str, parts: Sequence[str], *, style: str = "", head: str = "") -> str:
    """A whole page without secrets; `title` and `parts` are HTML. `style`, `head`: beside what all have."""
    return redact(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">{head}'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}{style}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def text(value: object) -> str:
    """Whatever it is, as text that is no HTML."""
    return escape(inert(str(value)))
