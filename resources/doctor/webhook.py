"""The address of NOTIFICATION_WEBHOOK, looked at without calling it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding

_FIX = "set NOTIFICATION_WEBHOOK to an http:// or https:// address, or unset it"


@check("webhook", "machine")
def webhook(patient: Patient) -> Iterator[Finding]:
    address = patient.target.webhook
    if not address:
        yield Finding("webhook", "ok", "not set: no notices are sent")
        return
    # The address often is a secret (its path is a token), so no message repeats it.
    scheme, host = _scheme_and_host(address)
    if scheme not in ("http", "https") or not host or any(character.isspace() for character in address):
        yield Finding("webhook", "fail", "NOTIFICATION_WEBHOOK is not an http or https address", _FIX)
    elif scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        yield Finding("webhook", "warn", f"notices go to {host} unencrypted", "use an https:// address")
    else:
        yield Finding("webhook", "ok", f"notices go to {host}")


def _scheme_and_host(address: str) -> tuple[str, str]:
    """Both empty for what is no address at all (a bad port, brackets that do not close)."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""
