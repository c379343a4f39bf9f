"""Telling the runner what a command came to, once it has ended."""

from __future__ import annotations

from pathlib import Path

from dbsync_assets.cli.outcome import Outcome
from dbsync_assets.github import files
from dbsync_assets.github.commands import annotation
from dbsync_assets.github.places import places, repository_of
from dbsync_assets.github.summary import summary
from resources.settings_work import Runner

_ANNOTATIONS = 10
"""Of each level and step; a runner shows no more."""


def tell(runner: Runner, verb: str, exit_code: int, ended: Outcome) -> list[str]:
    """Writes summary, outputs and variables; returns the annotations, for the step's own output."""
    files.add_summary(
        runner.summary,
        summary(verb, exit_code, ended.result, ended.error, target=ended.target, work=ended.work),
    )
    known = ended.result if isinstance(ended.result, dict) else {}
    backup = known.get("backup") or (known if "file_path" in known else {})
    values = {
        "exit-code": exit_code,
        "outcome": known.get("outcome") or (ended.error or {}).get("code") or "ok",
        "deployment": known.get("deployment") or "",
        "work": ended.work,
        "backup": backup.get("id") or "",
        "applied": " ".join((known.get("migration") or {}).get("applied_migrations") or ()),
        "pending": " ".join(known.get("pending") or ()),
    }
    files.set_values(runner.output, {name: value for name, value in values.items() if value != ""})
    if verb in ("deploy", "join") and (values["deployment"] or ended.work):
        carried = values["deployment"] or ended.work
        files.set_values(runner.environment, {"DBSYNC_DEPLOYMENT": carried})
    project = ended.project or Path.cwd()
    root = repository_of(project, runner.workspace)
    shown = {"error": 0, "warning": 0}
    lines: list[str] = []
    for one in places(ended.result, ended.error, migrations=ended.migrations, project=project, root=root):
        shown[one.level] += 1
        if shown[one.level] <= _ANNOTATIONS:
            title = f"dbsync {verb}: {one.rule}"
            lines.append(annotation(one.level, one.message, title=title, file=one.file, line=one.line))
    return lines
