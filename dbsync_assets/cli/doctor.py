"""`dbsync doctor`: every problem at once, each with its fix."""

from __future__ import annotations

from pathlib import Path

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load, watching
from dbsync_assets.cli.output import emit_json, safe, stdout
from resources.errors import EnvironmentCheckError

MARKS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]", "skip": "[dim]–[/]"}


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(project: Project = HERE, as_json: Json = False) -> None:
    """Check machine, server, privileges, disk and settings. Changes nothing."""
    from resources.doctor.run import run_doctor

    loaded = load(Path(project))
    with watching():
        findings = run_doctor(loaded.target)
    failed = [finding for finding in findings if finding.status == "fail"]
    if as_json:
        emit_json({"ok": not failed, "findings": [finding.as_dict() for finding in findings]})
    else:
        for finding in findings:
            stdout.print(f"{MARKS[finding.status]} {safe(finding.name)}: {safe(finding.detail)}")
            for line in filter(None, (finding.fix or "").split("\n")):
                if finding.status in ("fail", "warn"):
                    stdout.print(f"    fix: {safe(line)}")
    if failed:
        raise EnvironmentCheckError(
            f"{len(failed)} of {len(findings)} checks failed",
            where=loaded.target.name,
            hint="apply the fixes above",
        )
