"""The scripts of the application's package.json that workflow steps call."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resources.adoption.proposal import Proposal, read
from resources.errors import SettingsError

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMES = re.compile(r"\s*:")
_INDENT = re.compile(r'\n([ \t]+)"')


def package_scripts(project: Path, definitions: Path) -> Proposal | None:
    """None where there is no package.json. A script of the same name is left as it is.

    definitions: script → command, as the npm package has them. Raises SettingsError where
    package.json is no JSON object, or written in a way that could not be kept.
    """
    path = project / "package.json"
    text = read(path)
    if text is None:
        return None
    package, known = _package(path, text)
    missing = {name: command for name, command in _defined(definitions).items() if name not in known}
    wanted = {**package, "scripts": {**known, **missing}}
    if not missing:
        return Proposal(path, text, text, "the scripts are there")
    after = _with_scripts(text, missing)
    if _loaded(after) != wanted:
        raise SettingsError(
            "package.json is written in a way that cannot be kept",
            where=str(path),
            hint="add the scripts by hand, as npm/README.md of dbsync shows",
        )
    return Proposal(path, text, after, "one word for each step of a workflow")


def kept_scripts(project: Path, definitions: Path) -> list[str]:
    """What is to be said of each script that has the name of one of dbsync's and does something else.

    Raises SettingsError where package.json is no JSON object.
    """
    path = project / "package.json"
    text = read(path)
    if text is None:
        return []
    _, known = _package(path, text)
    return [
        f"{name} stays as it is: {json.dumps(known[name], ensure_ascii=False)}"
        for name, command in _defined(definitions).items()
        if name in known and known[name] != command
    ]


def _package(path: Path, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The package and its scripts."""
    try:
        package = json.loads(text.removeprefix("\ufeff"))
        return package, {**package.get("scripts", {})}
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingsError(
            "package.json is no JSON object", where=str(path), why=str(error), hint="npm pkg fix"
        ) from error


def _defined(definitions: Path) -> dict[str, str]:
    return json.loads(definitions.read_text(encoding="utf-8"))


def _with_scripts(text: str, added: Mapping[str, str]) -> str:
    """The file's own text with the scripts in it; every other character as it was."""
    end = "\r\n" if "\r\n" in text else "\n"
    found = _INDENT.search(text)
    indent = found[1] if found else "  "
    lines = f",{end}".join(
        f"{indent * 2}{json.dumps(name)}: {json.dumps(command)}" for name, command in added.items()
    )
    if place := _scripts_object(text):
        opened, closed = place
        rest = text[opened + 1 : closed].rstrip()
        comma = "," if rest else ""
        return f"{text[: opened + 1]}{rest}{comma}{end}{lines}{end}{indent}{text[closed:]}"
    closed = text.rindex("}")
    before = text[:closed].rstrip()
    comma = "" if before.endswith("{") else ","
    return f'{before}{comma}{end}{indent}"scripts": {{{end}{lines}{end}{indent}}}{end}{text[closed:]}'


def _scripts_object(text: str) -> tuple[int, int] | None:
    """Where the braces of the outermost "scripts" are. Walks over strings, so that none is taken for one."""
    depth, place = 0, 0
    key: str | None = None
    opened: int | None = None
    while place < len(text):
        if found := _STRING.match(text, place):
            place = found.end()
            if depth == 1 and _NAMES.match(text, place):
                key = json.loads(found[0])
            continue
        if text[place] in "{[":
            if depth == 1 and key == "scripts" and text[place] == "{":
                opened = place
            depth += 1
        elif text[place] in "}]":
            depth -= 1
            if depth == 1 and opened is not None:
                return opened, place
        place += 1
    return None


def _loaded(text: str) -> object:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return None
