"""The one screen that the demo ends with."""

from __future__ import annotations

from dbsync_assets.cli.output import safe, say, size, stdout
from dbsync_assets.demo.play import Played
from resources.settings import CHECKOUT


def say_report(played: Played) -> None:
    stage, after = played.stage, played.after
    say("")
    stdout.rule("[bold]dbsync demo", align="left", style="dim")
    for title, deployment in (("act one", played.good), ("act two", played.bad)):
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
    say(f"{played.seconds:.0f} s in all. The private MySQL is stopped; its data is in {stage.server.folder}")
    launcher = CHECKOUT / "bin" / "dbsync"
    stdout.print(f"See both runs:  [bold]{safe(launcher)} ui --project {safe(stage.project)}[/]")
