"""`make bench`: what protecting a release costs, against the tools one would use otherwise.

Ratios of one run are what counts; seconds depend on the machine. Needs about five times
`--size` of disk.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks.alerts import alerts
from benchmarks.backup import backups
from benchmarks.growth import growth
from benchmarks.measure import Measured
from benchmarks.monitoring import monitoring
from benchmarks.peers import Peers
from benchmarks.proof import proofs
from benchmarks.release import small_release
from benchmarks.restore import restores
from benchmarks.stage import Bench, set_bench
from benchmarks.ticks import ticks
from resources.mysql.connection import option_file

_LARGE = ("backup", "engines", "proof", "restore")
"""Those that need the large database."""
PARTS = ("release", "alerts", "monitoring", "ticks", *_LARGE, "growth")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        help="release: a small one against an empty Dagster job; alerts: one while every channel is dead;"
        " monitoring: its share of a core; ticks: of the daemon's sensors;"
        " backup: against other tools; engines: by"
        " mysqldump and mydumper too; proof: from the archive; restore: into a running server; growth: of"
        " 0.4, 1.5 and 4 GB. Default: all but growth",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=float, default=1.5, metavar="GB", help="of the large database")
    options = parser.parse_args()
    parts = options.parts or PARTS[:-1]
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    bench = set_bench(options.rounds)
    try:
        if "growth" in parts:
            growth(bench)
        small = small_release(bench) if "release" in parts else None
        if "alerts" in parts:
            alerts(bench)
        if "monitoring" in parts:
            monitoring(bench)
        if "ticks" in parts:
            ticks(bench)
        if set(parts) & set(_LARGE):
            _large(bench, parts, options.size, small)
    finally:
        bench.shop.server.stop()


def _large(bench: Bench, parts: Sequence[str], size: float, small: Measured | None) -> None:
    project, server = bench.large_project(size), bench.shop.server
    with option_file(bench.shop.target.endpoint) as login:
        peers = Peers.of(server.installation, login, server.datadir)
        if {"backup", "engines"} & set(parts):
            found = backups(bench, project, peers, engines="engines" in parts)
            if small:
                ratio = found["dbsync deploy"].peak_bytes / small.peak_bytes
                print(f"  own peak memory of deploy, large / small = {ratio:.2f}   (bar: about 1)")
        if "proof" in parts:
            proofs(bench, project, server.installation)
        if "restore" in parts:
            restores(bench, project)


if __name__ == "__main__":
    main()
