"""A whole `dbsync deploy` with nothing pending, against an empty job of the orchestrator it runs on."""

from __future__ import annotations

import sys

from benchmarks.measure import Measured, environment, measure, medians
from benchmarks.stage import SCRATCH, Bench
from resources.settings import CHECKOUT


def small_release(bench: Bench) -> Measured:
    """The example shop at its default size. Returns the figures of `dbsync deploy`."""
    home = SCRATCH / "empty-home"
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    dagster = [sys.executable, "-m", "dagster", "job", "execute"]
    empty = [*dagster, "-f", str(CHECKOUT / "benchmarks" / "empty_job.py"), "-j", "empty"]
    bench.verb("deploy")  # applies the three pending migrations: from here on nothing is pending
    print("example shop, 200,000 rows\n  $ dagster job execute -f benchmarks/empty_job.py -j empty")
    print("  $ dbsync deploy", flush=True)
    found = medians(
        {
            "empty Dagster job": lambda: measure(empty, cwd=SCRATCH, env=environment(DAGSTER_HOME=str(home))),
            "dbsync deploy": lambda: bench.verb("deploy"),
        },
        bench.rounds,
        print,
    )
    ratio = found["dbsync deploy"].seconds / found["empty Dagster job"].seconds
    print(f"  dbsync deploy / empty Dagster job = {ratio:.2f}   (bar: at most 5)", flush=True)
    return found["dbsync deploy"]
