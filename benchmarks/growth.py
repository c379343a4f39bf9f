"""`make bench ARGS=growth`: what a backup costs as the database grows."""

from __future__ import annotations

from benchmarks.measure import Measured, medians
from benchmarks.stage import LARGE, Bench
from resources.mysql.connection import connect, execute

SIZES = (0.4, 1.5, 4.0)
"""GB."""


def growth(bench: Bench) -> None:
    """Prints seconds, seconds per GB, and own peak memory, for each of SIZES."""
    found: dict[float, Measured] = {}
    for gigabytes in SIZES:
        project = bench.large_project(gigabytes)
        name = f"dbsync backup, {gigabytes:g} GB"
        found[gigabytes] = medians(
            {name: lambda project=project: bench.verb("backup", project=project)}, bench.rounds, print
        )[name]
        with connect(bench.shop.target.endpoint) as connection:
            execute(connection, f"DROP DATABASE {LARGE}")
    for gigabytes, one in found.items():
        per = one.seconds / gigabytes
        memory = one.peak_bytes / 1e6
        print(f"  {gigabytes:4.1f} GB  {one.seconds:7.2f} s  {per:5.2f} s/GB  own peak {memory:5.0f} MB")
    first, last = found[SIZES[0]], found[SIZES[-1]]
    times = SIZES[-1] / SIZES[0]
    print(f"  {times:g} times the data: time x {last.seconds / first.seconds:.2f}   (bar: at most {times:g})")
    print(f"  {times:g} times the data: memory x {last.peak_bytes / first.peak_bytes:.2f}   (bar: about 1)")
