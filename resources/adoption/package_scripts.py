"""The scripts of the application's package.json that workflow steps call."""

from __future__ import annotations

import json
import re
from pathlib import Path

from resources.adoption.proposal import Proposal, read
from resources.errors import SettingsError

SCRIPTS = {
    "db:backup": "dbsync backup",
    "db:migration:check": "dbsync check",
    "db:migration:deploy": "dbsync deploy",
    "db:migration:validate": "dbsync validate",
    "db:health:check": "dbsync health",
    "db:status": "dbsync status",
    "db:restore": "dbsync restore",
    "db:rollback": "dbsync rollback",
    "db:join": "dbsync join",
}


def package_scripts(project: Path) -> Proposal | None:
    """None where there is no package.json. A script of the same name is left as it is.

    Raises SettingsError where it is no JSON object.
    """
    path = project / "package.json"
    text = read(path)
    if text is None:
        return None
    try:
        package = json.loads(text)
        scripts = package.setdefault("scripts", {})
        missing = {name: command for name, command in SCRIPTS.items() if name not in scripts}
        scripts.update(missing)
    except (ValueError, AttributeError, TypeError) as error:
        raise SettingsError(
            "package.json is no JSON object", where=str(path), why=str(error), hint="npm pkg fix"
        ) from error
    if not missing:
        return Proposal(path, text, text, "the scripts are there")
    # As npm itself writes the file: its indent, its line ends, its last line kept.
    indent = re.search(r"^([ \t]+)\"", text, re.MULTILINE)
    after = json.dumps(package, indent=indent[1] if indent else 2, ensure_ascii=False)
    after += "\n" if text.endswith("\n") else ""
    if "\r\n" in text:
        after = after.replace("\n", "\r\n")
    return Proposal(path, text, after, "one word for each step of a workflow")
