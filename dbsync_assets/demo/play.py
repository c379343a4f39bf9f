"""The two acts, and the report they end with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from dbsync_assets.cli.output import safe, say, size, stdout
from dbsync_assets.demo.stage import DATABASE, Stage, set_stage
from dbsync_assets.run_job import run_job
from resources.deployment.deployment import Deployment
from resources.errors import DbsyncError, MigrationFailedError
from resources.git.commit import current_commit
from resources.mysql.connection import connect
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.schema import read_schema
from resources.settings import CHECKOUT


@dataclass(frozen=True)
class State:
    """Everything of a database that a rollback must bring back."""

    schema: str
    digests: dict[str, TableDigest]

    @property
    def rows(self) -> int:
        return sum(digest.rows for digest in self.digests.values())


def play(folder: Path, rows: int) -> None:
    """Both acts. Raises DbsyncError when one does not end as it must."""
    begun = time.monotonic()
    stage = set_stage(folder, rows)
    try:
        say("")
        say("Act one: a good release of three migrations", "bold")
        stage.add_good_release()
        good = _release(stage)
        if good.error:
            raise good.error
        say("")
        say("Act two: a release that fails on real rows", "bold")
        before = _state(stage)
        stage.add_bad_release()
        bad = _release(stage)
        after = _state(stage)
        _require_rolled_back(bad, before, after)
    finally:
        stage.server.stop()
    _report(stage, good, bad, after, time.monotonic() - begun)


def _release(stage: Stage) -> Deployment:
    deployment = Deployment(stage.target, commit=current_commit(stage.project, stage.target.migrations))
    try:
        run_job("deploy", deployment, stage.settings)
    except DbsyncError as error:
        say(f"✗ {error}", "red")
    finally:
        deployment.close()
    return deployment


def _state(stage: Stage) -> State:
    with connect(stage.target.endpoint, DATABASE) as connection:
        schema = read_schema(connection, DATABASE).digest
    return State(schema, table_digests(stage.target.endpoint, DATABASE))


def _require_rolled_back(bad: Deployment, before: State, after: State) -> None:
    if not isinstance(bad.error, MigrationFailedError) or bad.outcome != "rolled_back" or before != after:
        raise DbsyncError(
            "the bad release did not end as it must",
            why=f"outcome {bad.outcome}, states equal: {before == after}",
        ) from bad.error


def _report(stage: Stage, good: Deployment, bad: Deployment, after: State, seconds: float) -> None:
    say("")
    stdout.rule("[bold]dbsync demo", align="left", style="dim")
    for title, deployment in (("act one", good), ("act two", bad)):
        assert deployment.backup
        manifest = deployment.backup.manifest
        rows = sum(digest.rows for digest in manifest.tables.values())
        verdict = "released" if deployment.outcome == "released" else "failed, rolled back"
        say(f"{title}: {verdict}", "bold green" if deployment.outcome == "released" else "bold yellow")
        commit = deployment.commit.id[:12] if deployment.commit else ""
        say(f"  commit      {commit}  {deployment.commit.subject if deployment.commit else ''}")
        say(f"  backup      {manifest.id}  {manifest.engine}, {size(manifest.size)}, {rows:,} rows")
        say(f"  proof       {manifest.proof.result} ({manifest.proof.seconds:.1f} s)")
        if deployment.migration:
            say(f"  applied     {len(deployment.migration.applied_migrations)} migrations")
        if deployment.validation:
            found = deployment.validation.result
            rules = len(deployment.validation.rule_results)
            say(f"  validation  {len(found.inconsistencies)} inconsistencies, {rules} rules checked")
        if deployment.error:
            say(f"  refused by  {deployment.error.what}")
            say(f"              {deployment.error.why.splitlines()[0] if deployment.error.why else ''}")
        if deployment.rollback:
            say(f"  rollback    schema and {len(after.digests)} table digests equal, {after.rows:,} rows")
        say("  seconds     " + ", ".join(f"{name} {spent:.1f}" for name, spent in deployment.timings.items()))
    stdout.rule(style="dim")
    say(f"{seconds:.0f} s in all. The private MySQL is stopped; its data is in {stage.server.folder}")
    launcher = CHECKOUT / "bin" / "dbsync"
    stdout.print(f"See both runs:  [bold]{safe(launcher)} ui --project {safe(stage.project)}[/]")
