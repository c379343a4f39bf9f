"""The settings: every wrong one is a finding, and everything else is examined all the same."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from resources.doctor.finding import Finding
from resources.errors import SettingsError
from resources.settings import read_settings, target_of
from resources.target import Target

PREFIX = "setting: "
"""Of the names of these findings."""
_NOWHERE = "mysql://nobody@nowhere.invalid/nothing"
"""Stands in for a DATABASE_URL that cannot be used; nothing ever connects to it."""


def examine_settings(project: Path) -> tuple[Target, bool, list[Finding]]:
    """The target that can be made of the settings, whether it has a server to ask, and what is wrong.

    A setting that is wrong counts as not set.
    """
    settings, wrong = read_settings(project)
    found = [
        Finding(
            f"{PREFIX}{one.name}",
            "fail",
            one.what,
            f"correct it in the environment or in {project / '.env'}; docs/settings.md says what it may be",
        )
        for one in wrong
    ]
    try:
        return target_of(settings), True, found
    except SettingsError as error:
        detail = error.why or f"{error.what} ({error.where})"
        found.append(Finding(f"{PREFIX}DATABASE_URL", "fail", detail, error.hint))
    unnamed = settings.model_copy(update={"database_url": SecretStr(_NOWHERE)})
    return target_of(unnamed), False, found
