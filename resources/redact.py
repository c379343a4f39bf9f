"""The one place where secrets are taken out of text that leaves dbsync.

Values are registered as they are read (`remember`), and every writer — terminal,
log, journal, report, webhook, Dagster metadata — passes its text through
`redact` (or, for structures, `redact_value`).
"""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus

MASK = "*****"
_secrets: set[str] = set()
# Not the words of dbsync's own texts: PASSWORD stands for one in the hints, throw-away is that of an empty
# server in a workflow which `dbsync init` shows as it is written. Registered, they are masked like any other.
_URL_PASSWORD = re.compile(
    r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]+:)((?-i:(?!(?:PASSWORD|throw-away)@))[^\s@]+)(@)", re.IGNORECASE
)
# ANSI escapes and C0/C1 controls can rewrite a terminal; bidi overrides can reverse text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def remember(secret: str) -> None:
    """Register a secret in every spelling under which it could be printed."""
    if len(secret) < 3:
        return  # masking one or two characters everywhere would destroy every text
    _secrets.update({secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]})


def remembered() -> list[str]:
    """Every registered spelling, for a reader that hides them itself. Goes nowhere else."""
    return sorted(_secrets)


def redact(text: str) -> str:
    """`text` without any registered secret and without passwords in URLs."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _URL_PASSWORD.sub(rf"\1{MASK}\3", text)


def redact_value(value: object) -> object:
    """`redact` applied to every string inside dicts, lists and tuples."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(str(k)): redact_value(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact_value(v) for v in value]
    return value


def inert(text: str) -> str:
    """Untrusted text with control and direction characters shown as escapes."""
    return _CONTROL.sub(lambda m: m.group().encode("unicode_escape").decode(), text)
