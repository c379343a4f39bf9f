"""`make bench`: what protecting a release costs, against the tools one would use otherwise.

Ratios of one run are what counts; seconds depend on the machine. Needs about five times
`--size` of disk.
"""

from __future__ import annotations

import argparse

from benchmarks.backup import backups
from benchmarks.growth import growth
from benchmarks.peers import Peers
from benchmarks.proof import proofs
from benchmarks.release import small_release
from benchmarks.restore import restores
from benchmarks.stage import set_bench
from resources.mysql.connection import option_file


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--size", type=float, default=1.5, metavar="GB", help="of the large database; 0: none"
    )
    parser.add_argument("--growth", action="store_true", help="backups of 0.4, 1.5 and 4 GB, nothing else")
    parser.add_argument("--restore", action="store_true", help="restores, nothing else")
    options = parser.parse_args()
    bench = set_bench(options.rounds)
    try:
        if options.growth:
            growth(bench)
            return
        small = None if options.restore else small_release(bench)
        if options.size:
            project = bench.large_project(options.size)
            server = bench.shop.server
            with option_file(bench.shop.target.endpoint) as login:
                peers = Peers.of(server.installation, login, server.datadir)
                if small:
                    found = backups(bench, project, peers)
                    ratio = found["dbsync deploy"].peak_bytes / small.peak_bytes
                    print(f"  own peak memory of deploy, large / small = {ratio:.2f}   (bar: about 1)")
                    proofs(bench, project, server.installation)
                restores(bench, project)
    finally:
        bench.shop.server.stop()


if __name__ == "__main__":
    main()
