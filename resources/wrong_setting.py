"""What is wrong with a setting, in words that hold no secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from resources.errors import SettingsError
from resources.redact import inert, redact


@dataclass(frozen=True)
class WrongSetting:
    name: str
    """Of the variable; of the file, where that cannot be read."""
    what: str


def wrong_value(name: str, given: object, said: str, *, secret: bool) -> WrongSetting:
    """`given` is shown unless it is secret; `said` is the validator's message."""
    reason = said.removeprefix("Value error, ")
    return WrongSetting(name, inert(redact(reason if secret else f"{given!r}: {reason}")))


def wrong_file(file: Path) -> list[WrongSetting]:
    """Why a .env cannot be read; [] where it can, or is absent. Its content is in no message or exception."""
    try:
        if file.is_dir():
            return [WrongSetting(str(file), "it is a folder, not a file")]
        if file.is_file():
            file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return [WrongSetting(str(file), f"byte {error.start + 1} is not UTF-8: save the file as UTF-8")]
    except OSError as error:
        return [WrongSetting(str(file), f"it cannot be read: {error.strerror}")]
    return []


def settings_error(wrong: Sequence[WrongSetting], file: Path) -> SettingsError:
    """All of them in one error. `file` is the project's .env."""
    return SettingsError(
        f"{len(wrong)} setting{'s are' if len(wrong) > 1 else ' is'} wrong",
        where=", ".join(one.name for one in wrong),
        why="\n         ".join(f"{one.name}: {one.what}" for one in wrong),
        hint=f"correct {'them' if len(wrong) > 1 else 'it'} in the environment or in {file}; "
        "docs/settings.md says what each may be",
    )
