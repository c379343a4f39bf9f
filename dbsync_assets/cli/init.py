"""`dbsync init`: begin to use dbsync in an application that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, folder_of, watching
from dbsync_assets.cli.doctor import MARKS
from dbsync_assets.cli.output import emit_json, safe, say, stderr, stdout
from resources.settings import CHECKOUT, drop_secrets

if TYPE_CHECKING:
    from pathlib import Path

    from resources.adoption.proposal import Proposal
    from resources.doctor.finding import Finding
    from resources.target import Target


def register(app: typer.Typer) -> None:
    app.command("init")(init)


def init(
    yes: Annotated[bool, typer.Option("--yes", help="Write every file without asking.")] = False,
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Set an existing Prisma application up: look at everything, then write a few files, each shown first.

    Finds the migrations and DATABASE_URL where Prisma does, examines machine and server (as `dbsync
    doctor`), and proposes: settings (as comments in .env), .gitignore, npm scripts, the least-privilege
    GRANTs, workflows. Without --yes a person at a terminal is asked for each; else nothing is written.
    The database is only read.
    """
    from resources.doctor.run import run_doctor
    from resources.doctor.settings import examine_settings
    from resources.prisma.find_folder import require_prisma_folder
    from resources.prisma.find_url import is_made_in_code, url_variable

    folder = folder_of(project)
    target, names_a_server, findings = examine_settings(folder)
    require_prisma_folder(target.migrations)
    drop_secrets()
    with watching():
        findings += run_doctor(target, ask_server=names_a_server)
    proposals, notes = _proposals(folder, target if names_a_server else None)
    if as_json:
        written = _write(proposals) if yes else []
        emit_json(
            {
                "ok": True,
                "migrations": str(target.migrations),
                "url_variable": url_variable(folder),
                "findings": [one.as_dict() for one in findings],
                "proposed": [{"path": str(one.path), "diff": one.diff(folder)} for one in proposals],
                "notes": notes,
                "written": written,
            }
        )
        return
    say(f"migrations  {target.migrations}")
    made = (
        ", whole: prisma.config.* puts it together in code, which is not run"
        if is_made_in_code(folder)
        else ""
    )
    known = target.name if names_a_server else f"not set yet{made}"
    say(f"address     from {url_variable(folder)}: {known}")
    _show_findings(findings)
    for text in notes:
        say(text)
    chosen = []
    for one in proposals:
        say(f"\n{one.path.relative_to(folder)}: {one.why}", style="bold")
        # As it is written: `:name:` is no picture there.
        stdout.print(safe(one.diff(folder)), emoji=False)
        if yes or (stderr.is_terminal and typer.confirm("Write this?", default=True)):
            chosen.append(one)
    written = _write(chosen)
    say("")
    say(f"written: {', '.join(written)}" if written else "nothing was written; to write: dbsync init --yes")
    say(f"next: {_next_command(findings, names_a_server, target)}")


def _proposals(folder: Path, target: Target | None) -> tuple[list[Proposal], list[str]]:
    """Those that would change something, and what is to be said of the rest.

    `target`: where a server is named.
    """
    from resources.adoption.env_block import env_block
    from resources.adoption.gitignore import gitignore
    from resources.adoption.grants_file import grants_file
    from resources.adoption.package_scripts import kept_scripts, package_scripts
    from resources.adoption.workflows import left_out, workflows
    from resources.errors import DbsyncError
    from resources.mysql.connection import connect

    scripts, examples = CHECKOUT / "npm" / "lib" / "scripts.json", CHECKOUT / "examples" / "workflows"
    found = [gitignore(folder), env_block(folder), package_scripts(folder, scripts)]
    notes = kept_scripts(folder, scripts)
    if target is not None:
        try:
            with connect(target.endpoint) as connection:
                found.append(grants_file(folder, connection, target.database))
        except DbsyncError as error:
            notes.append(f"no GRANTs are proposed: {error.what}")
    found += workflows(folder, examples)
    if said := left_out(folder, examples):
        notes.append(said)
    return [one for one in found if one is not None and one.changes], notes


def _show_findings(findings: list[Finding]) -> None:
    for one in findings:
        if one.status in ("fail", "warn"):
            stdout.print(f"{MARKS[one.status]} {safe(one.name)}: {safe(one.detail)}")
            for line in filter(None, (one.fix or "").split("\n")):
                stdout.print(f"    fix: {safe(line)}")
    good = sum(one.status == "ok" for one in findings)
    say(f"{good} of {len(findings)} checks are good; all of them: dbsync doctor")


def _write(proposals: list[Proposal]) -> list[str]:
    for one in proposals:
        one.write()
    return [str(one.path) for one in proposals]


def _next_command(findings: list[Finding], names_a_server: bool, target: Target) -> str:
    from resources.errors import DbsyncError
    from resources.prisma.status import FIRST_BASELINE, migration_status

    if not names_a_server:
        return "set DATABASE_URL in the environment or in .env, then: dbsync init"
    if any(one.status == "fail" for one in findings):
        return "apply the fixes above, then: dbsync doctor"
    try:
        status = migration_status(target)
    except DbsyncError as error:
        return error.hint or "dbsync doctor"
    if status.state != "not_baselined":
        return "dbsync check"
    return "dbsync baseline" if status.files else FIRST_BASELINE
