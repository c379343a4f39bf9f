"""What a health page must say: 200 alone is what an error page or an old build may answer too."""

from __future__ import annotations

import json
from typing import Any

from resources.redact import inert, redact

_SHOWN = 60


def unexpected(body: bytes, expect: str) -> str | None:
    """What is missing in `body`, or None. `expect`: a text, or `$.a.b=VALUE` of a JSON body."""
    text = body.decode("utf-8", "replace")
    if not expect.startswith("$."):
        return None if expect in text else f"HTTP 2xx without {inert(expect)!r} in it: {_begin(text)}"
    path, _, wanted = expect.partition("=")
    try:
        found: Any = json.loads(text)
        for part in path[2:].split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
    except (ValueError, LookupError, TypeError):
        return f"HTTP 2xx without {inert(path)} in it: {_begin(text)}"
    said = found if isinstance(found, str) else json.dumps(found)
    return None if said == wanted else f"HTTP 2xx with {inert(path)}={_begin(said)}, not {inert(wanted)}"


def _begin(text: str) -> str:
    return redact(inert(" ".join(text[:_SHOWN].split()))) or "(empty)"
