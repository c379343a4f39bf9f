"""`dbsync doctor`: every problem at once, each with its fix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dbsync_assets.cli.context import HERE, Json, Project, folder_of, watching
from dbsync_assets.cli.output import emit_json, safe, stdout
from resources.errors import DbsyncError, EnvironmentCheckError, SettingsError
from resources.settings import drop_secrets

if TYPE_CHECKING:
    from resources.doctor.finding import Finding

MARKS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]", "skip": "[dim]–[/]"}


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(project: Project = HERE, as_json: Json = False) -> None:
    """Check settings, machine, project, disk, server and privileges. Changes nothing.

    All problems come in one list, each with its fix. Exit code 0: nothing that stops a deployment.
    3: a setting is missing or wrong, whatever else is. 4: anything else.
    """
    from resources.doctor.run import run_doctor
    from resources.doctor.settings import examine_settings

    folder = folder_of(Path(project))
    target, names_a_server, findings = examine_settings(folder)
    drop_secrets()
    with watching():
        findings += run_doctor(target, ask_server=names_a_server)
    refusal = _refusal(findings, target.name if names_a_server else str(folder))
    if as_json:
        shown = [finding.as_dict() for finding in findings]
        emit_json({"ok": refusal is None, "findings": shown, "error": refusal and refusal.as_dict()})
    else:
        for finding in findings:
            stdout.print(f"{MARKS[finding.status]} {safe(finding.name)}: {safe(finding.detail)}")
            for line in filter(None, (finding.fix or "").split("\n")):
                if finding.status in ("fail", "warn"):
                    stdout.print(f"    fix: {safe(line)}")
    if refusal:
        raise refusal


def _refusal(findings: list[Finding], where: str) -> DbsyncError | None:
    from resources.doctor.settings import PREFIX

    failed = [finding.name for finding in findings if finding.status == "fail"]
    if not failed:
        return None
    skipped = sum(finding.status == "skip" for finding in findings)
    count = f"{len(failed)} problem{'s' if len(failed) > 1 else ''}"
    unasked = f"; {skipped} checks could not be made" if skipped else ""
    kind = SettingsError if any(name.startswith(PREFIX) for name in failed) else EnvironmentCheckError
    return kind(
        f"{count} would stop a deployment{unasked}",
        where=where,
        why="; ".join(failed),
        hint="apply the fixes above, then: dbsync doctor",
    )
