"""`make bench`: what protecting a release costs, against the tools one would use otherwise.

Ratios of one run are what counts; seconds depend on the machine. `--large` needs about 6 GB of disk.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.make_database import make_database
from benchmarks.measure import Measured, environment, measure, medians
from dbsync_assets.demo.stage import DATABASE, Stage, set_stage
from resources.mysql.connection import connect, option_file
from resources.mysql.schema import read_schema
from resources.settings import CHECKOUT

SCRATCH = CHECKOUT / ".bench"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="also the 1.5 GB database")
    options = parser.parse_args()
    stage = set_stage(SCRATCH, 200_000)
    try:
        stage.add_good_release()
        dbsync = [sys.executable, "-P", "-m", "dbsync_assets.cli"]
        own = environment(PYTHONPATH=str(CHECKOUT))

        def verb(*arguments: str, project: Path = stage.project) -> Measured:
            return measure([*dbsync, *arguments], cwd=project, env=own)

        home = SCRATCH / "empty-home"
        home.mkdir()
        (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        dagster = [sys.executable, "-m", "dagster", "job", "execute"]
        empty = [*dagster, "-f", str(CHECKOUT / "benchmarks" / "empty_job.py"), "-j", "empty"]

        def empty_job() -> Measured:
            return measure(empty, cwd=SCRATCH, env=environment(DAGSTER_HOME=str(home)))

        verb("deploy")  # applies the three pending migrations: from here on nothing is pending
        print("example shop, 200,000 rows")
        small = medians(
            {"empty Dagster job": empty_job, "dbsync deploy": lambda: verb("deploy")}, options.rounds, print
        )
        ratio = small["dbsync deploy"].seconds / small["empty Dagster job"].seconds
        print(f"  dbsync deploy / empty Dagster job = {ratio:.2f}   (bar: at most 5)")
        if options.large:
            _large(stage, verb, small["dbsync deploy"], options.rounds)
    finally:
        stage.server.stop()


def _large(stage: Stage, verb: Callable[..., Measured], small: Measured, rounds: int) -> None:
    endpoint, installation = stage.target.endpoint, stage.server.installation
    print("making 1.5 GB of tables …")
    make_database(endpoint, "large")
    project = _baselined(stage, "large", verb)
    with option_file(endpoint) as login:
        command = " ".join(installation.command("mysqldump"))
        dump = f"{command} --defaults-extra-file={login} --single-transaction large | gzip > dump.sql.gz"

        def mysqldump() -> Measured:
            return measure(["bash", "-o", "pipefail", "-c", dump], cwd=SCRATCH, env=environment())

        large = medians(
            {
                "mysqldump | gzip": mysqldump,
                "dbsync backup": lambda: verb("backup", project=project),
                "dbsync deploy": lambda: verb("deploy", project=project),
            },
            rounds,
            print,
        )
    base = large["mysqldump | gzip"].seconds
    print(f"  mysqldump | gzip / dbsync backup = {base / large['dbsync backup'].seconds:.2f}   (bar: 3)")
    print(f"  mysqldump | gzip / dbsync deploy = {base / large['dbsync deploy'].seconds:.2f}   (bar: 1)")
    growth = large["dbsync deploy"].peak_bytes / small.peak_bytes
    print(f"  own peak memory of deploy, large / small = {growth:.2f}   (bar: about 1)")


def _baselined(stage: Stage, database: str, verb: Callable[..., Measured]) -> Path:
    """A project whose one migration is what is in `database` already, and is recorded as applied."""
    project = SCRATCH / database
    migration = project / "prisma" / "migrations" / "0_init"
    migration.mkdir(parents=True)
    with connect(stage.target.endpoint, database) as connection:
        tables = read_schema(connection, database).tables
    (migration / "migration.sql").write_text(";\n".join([*tables.values(), ""]), encoding="utf-8")
    url = (stage.project / ".env").read_text(encoding="utf-8").replace(f"/{DATABASE}\n", f"/{database}\n")
    (project / ".env").write_text(url, encoding="utf-8")
    verb("resolve", "--applied", "0_init", project=project)
    return project


if __name__ == "__main__":
    main()
