"""A full backup by dbsync against the tools one would use otherwise, on one database in one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import Measured, medians
from benchmarks.peers import Peers
from benchmarks.stage import Bench
from resources.backup.catalog import list_backups

_BASE = "mysqldump | gzip"
_STORED_ONLY = "dbsync backup --proof none"
"""Archived and stored, and nothing read: what a dump does."""


def backups(bench: Bench, project: Path, peers: Peers, *, engines: bool) -> dict[str, Measured]:
    """Every way of backing the large database up; prints figures, sizes and ratios.

    `engines`: by mysqldump and mydumper too, whose proof is a load and takes minutes.
    """
    storage = project / ".dbsync" / "backups"

    def dbsync() -> Measured:
        found = bench.verb("backup", project=project)
        timings = list_backups(storage)[-1].timings
        marks = ("server up at", "digested at", "stored at")
        return replace(found, marks={mark: timings[mark] for mark in marks})

    def shell(script: str) -> Callable[[], Measured]:
        print(f"  $ {script}")
        return lambda: bench.shell(script)

    print("backup")
    commands = {name: shell(script) for name, script in peers.backups().items()}
    commands |= {
        "dbsync backup": dbsync,
        _STORED_ONLY: lambda: bench.verb("backup", "--proof", "none", project=project),
        "dbsync deploy": lambda: bench.verb("deploy", project=project),
    }
    print(f"  $ dbsync backup\n  $ {_STORED_ONLY}\n  $ dbsync deploy", flush=True)
    dumps = {"mysqldump": {"BACKUP_ENGINE": "mysqldump"}} if engines else {}
    if engines and peers.mydumper:
        dumps["mydumper"] = {"BACKUP_ENGINE": "mydumper", "MYDUMPER": str(peers.mydumper)}
    for engine, settings in dumps.items():
        print(f"  $ BACKUP_ENGINE={engine} dbsync backup", flush=True)
        commands[f"dbsync backup by {engine}, loaded"] = lambda settings=settings: bench.verb(
            "backup", project=project, **settings
        )
    found = medians(commands, bench.rounds, print)
    base, own, stored = found[_BASE], found["dbsync backup"], found[_STORED_ONLY]
    sizes = peers.sizes() | {"dbsync backup": list_backups(storage)[-1].size}
    for name, result in found.items():
        size = f"  {sizes[name] / 1e6:6.0f} MB" if name in sizes else ""
        ratio = base.seconds / result.seconds
        print(f"  {name:<34} {result.seconds:7.2f} s  {ratio:5.2f} x  CPU {result.cpu:7.2f} s{size}")
    for name, result, bars in (("dbsync backup, proven", own, "3"), (_STORED_ONLY, stored, "5, CPU 20 %")):
        ratio, share = base.seconds / result.seconds, result.cpu / base.cpu
        print(f"  {_BASE} / {name} = {ratio:.2f}, CPU {share:.0%} of its   (bar: {bars})")
    print(f"  {_BASE} / dbsync deploy = {base.seconds / found['dbsync deploy'].seconds:.2f}   (bar: 1)")
    for mark, bar in (("server up at", 10), ("digested at", 4), ("stored at", 5)):
        print(f"  {_BASE} / {mark} = {base.seconds / own.marks[mark]:.2f}   (bar: {bar})")
    return found
