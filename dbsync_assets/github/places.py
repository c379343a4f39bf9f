"""Where in the repository what was found stands: annotations and SARIF point there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"(?P<path>.*migration\.sql):(?P<line>[0-9]+)\Z", re.DOTALL)
_STOPS_AT = re.compile(r" stops at .*?migration\.sql:(?P<line>[0-9]+), ", re.DOTALL)


@dataclass(frozen=True)
class Place:
    level: str
    """error or warning."""
    rule: str
    """An error's code, or a finding's kind."""
    message: str
    file: str | None = None
    """Relative to the repository."""
    line: int | None = None


def repository_of(project: Path, workspace: Path | None) -> Path:
    """The folder that a reader of annotations knows as the root: the checkout that the project is in.

    A workflow may check out into a folder of its workspace, and the files' names have no such folder.
    The workspace is the root where no checkout is found in it.
    """
    project = project.resolve()
    top = workspace.resolve() if workspace is not None else None
    for one in (project, *project.parents):
        if one == top or (one / ".git").exists():
            return one
    return project


def places(
    result: Any, error: Mapping[str, Any] | None, *, migrations: Path | None, project: Path, root: Path
) -> list[Place]:
    """Everything found, the errors first. `result`, `error`: as `--json` prints them."""
    found: list[Place] = []
    known = result if isinstance(result, dict) else {}
    for one in known.get("findings") or ():
        stops = _STOPS_AT.search(str(one["what"]))
        script = migrations / str(one["migration"]) / "migration.sql" if migrations else None
        found.append(
            Place(
                "error" if one["blocking"] and not one["accepted"] else "warning",
                str(one["kind"]),
                f"{one['what']}\nnext: {one['hint']}",
                _relative(script, root),
                int(stops["line"]) if stops else 1,
            )
        )
    if error and not any(one.level == "error" for one in found):
        found.append(_of_error(error, project, root))
    validation = known.get("validation") or (known if "inconsistencies" in known else {})
    found += [Place("warning", "validation", str(text)) for text in validation.get("warnings") or ()]
    return sorted(found, key=lambda one: one.level != "error")


def _of_error(error: Mapping[str, Any], project: Path, root: Path) -> Place:
    where = str(error.get("where") or "")
    match = _PLACE.match(where)
    lines = [str(error.get("what") or error.get("code"))]
    lines += [where] if where and not match else []
    lines += [str(error["why"])] if error.get("why") else []
    lines += [f"next: {error['hint']}"] if error.get("hint") else []
    file = _relative(project / match["path"], root) if match else None
    line = int(match["line"]) if match and file else None
    return Place("error", str(error.get("code")), "\n".join(lines), file, line)


def _relative(path: Path | None, root: Path) -> str | None:
    """None where it is no file of the repository: an annotation on another's would be lost."""
    if path is None:
        return None
    try:
        return path.resolve().relative_to(root).as_posix()
    except ValueError:
        return None
