"""`make bench`: what protecting a release costs, against the tools one would use otherwise.

Ratios of one run are what counts; seconds depend on the machine. `--large` needs about 6 GB of disk.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.make_database import make_database
from benchmarks.measure import Measured, environment, measure, medians
from dbsync_assets.demo.stage import DATABASE, set_stage
from resources.mysql.connection import option_file
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

        def verb(name: str) -> Measured:
            return measure([*dbsync, name], cwd=stage.project, env=own)

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
            _large(
                stage.target.endpoint, stage.server.installation, verb, small["dbsync deploy"], options.rounds
            )
    finally:
        stage.server.stop()


def _large(endpoint, installation, verb, small: Measured, rounds: int) -> None:
    make_database(endpoint, DATABASE)
    with option_file(endpoint) as login:
        command = " ".join(installation.command("mysqldump"))
        dump = f"{command} --defaults-extra-file={login} --single-transaction {DATABASE} | gzip > dump.sql.gz"

        def mysqldump() -> Measured:
            return measure(["bash", "-o", "pipefail", "-c", dump], cwd=SCRATCH, env=environment())

        print("1.5 GB")
        large = medians(
            {
                "mysqldump | gzip": mysqldump,
                "dbsync backup": lambda: verb("backup"),
                "dbsync deploy": lambda: verb("deploy"),
            },
            rounds,
            print,
        )
    base = large["mysqldump | gzip"].seconds
    print(
        f"  mysqldump | gzip / dbsync backup = {base / large['dbsync backup'].seconds:.2f}   (bar: at least 3)"
    )
    print(
        f"  mysqldump | gzip / dbsync deploy = {base / large['dbsync deploy'].seconds:.2f}   (bar: more than 1)"
    )
    growth = large["dbsync deploy"].peak_bytes / small.peak_bytes
    print(f"  peak memory of deploy, large / small = {growth:.2f}   (bar: about 1)")


if __name__ == "__main__":
    main()
