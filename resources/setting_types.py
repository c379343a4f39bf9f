"""Types of settings that mean the same wherever they stand: a time, a secret, a path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, SecretStr

from resources.redact import remember

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


def _seconds(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    match = _DURATION.fullmatch(given.strip())
    if not match:
        raise ValueError("not a duration; write 90, 90s, 10m, 2h or 7d")
    return float(match[1]) * _UNITS[match[2]]


def _remembered(secret: SecretStr) -> SecretStr:
    if secret:
        remember(secret.get_secret_value())
    return secret


def at_home(given: Path) -> Path:
    """`~/…` in a .env or a workflow was seen by no shell. Raises ValueError."""
    try:
        return given.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{error} Write the whole path") from None


Duration = Annotated[float, BeforeValidator(_seconds)]
"""Seconds; written `500ms`, `30s`, `10m`, `2h`, `7d` too."""
Secret = Annotated[SecretStr, AfterValidator(_remembered)]
"""Taken out of every text from then on."""
HomePath = Annotated[Path, AfterValidator(at_home)]
"""`~` is the user's home."""
