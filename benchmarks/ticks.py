"""`make bench ARGS=ticks`: how long the daemon's sensors take for a look, all of them on."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import environment
from benchmarks.stage import Bench
from resources.settings import CHECKOUT, dagster_home

_SECONDS = 90.0


def ticks(bench: Bench) -> None:
    """Prints median and longest of each sensor's ticks within 90 s, while a commit is released."""
    shop = bench.shop.project
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "dbsync_assets.cli", "daemon"],
        cwd=shop,
        env=environment(
            PYTHONPATH=str(CHECKOUT),
            DBSYNC_SENSORS="all",
            GIT_REPOSITORY=str(shop),
            GIT_BRANCH=_branch(shop),
            GIT_SENSOR_INTERVAL="5s",
            RECONCILE_INTERVAL="5s",
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(_SECONDS)
    finally:
        process.terminate()
        process.wait()
    print("ticks of the daemon", flush=True)
    for sensor, found in sorted(_found(dagster_home(bench.shop.settings)).items()):
        print(
            f"  {sensor:<28} {len(found):3d} ticks  median {statistics.median(found):5.2f} s"
            f"  longest {max(found):5.2f} s   (bar: below 10 s)",
            flush=True,
        )


def _branch(folder: Path) -> str:
    command = ["git", "-C", str(folder), "branch", "--show-current"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _found(home: Path) -> dict[str, list[float]]:
    """Seconds of each tick that ended, by sensor."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home)) as instance:
        return {
            state.origin.instigator_name: took
            for state in instance.all_instigator_state()
            if (
                took := [
                    tick.end_timestamp - tick.timestamp
                    for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
                    if tick.end_timestamp
                ]
            )
        }
