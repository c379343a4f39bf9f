"""A whole database back in a running server by dbsync, against `mysql < dump`, in one run."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import Measured, medians
from benchmarks.peers import DUMP
from benchmarks.stage import Bench
from resources.backup.catalog import list_backups

_BASE = "mysql < dump"
_LOADED = "loaded"
_BARS = {"auto": ("files", 8.0), "rows": ("row events", 2.5)}


def restores(bench: Bench, project: Path) -> dict[str, Measured]:
    """Every way of bringing the large database back; prints figures and ratios.

    dbsync is measured from its start to its end, all that it checks included, with nothing written
    since the backup; what it keeps is dropped between the rounds. The loading does not check anything.
    """
    storage = project / ".dbsync" / "backups"

    def load() -> Measured:
        bench.shell(f"mysql -e 'CREATE DATABASE {_LOADED}'")
        found = bench.shell(f"mysql {_LOADED} < dump.sql")
        # Or the backups that follow, which are of a whole server, would be of twice as much.
        bench.shell(f"mysql -e 'DROP DATABASE {_LOADED}'")
        return found

    def restore(way: str) -> Measured:
        # A new one each time: the loading before has filled the binary log that is read for losses.
        bench.verb("backup", project=project)
        backup_id = list_backups(storage)[-1].id
        found = bench.verb("restore", backup_id, project=project, RESTORE_WAY=way)
        bench.verb("restore", "finish", "--yes", project=project)
        return found

    print(f"restore into a running server\n  $ {DUMP} > dump.sql; mysql {_LOADED} < dump.sql")
    for way in _BARS:
        print(f"  $ RESTORE_WAY={way} dbsync restore ID", flush=True)
    bench.shell(f"{DUMP} > dump.sql")
    commands = {_BASE: load} | {
        f"dbsync restore, {name}": lambda way=way: restore(way) for way, (name, _) in _BARS.items()
    }
    found = medians(commands, bench.rounds, print)
    bench.shell("rm dump.sql")
    for name, bar in _BARS.values():
        ratio = found[_BASE].seconds / found[f"dbsync restore, {name}"].seconds
        print(f"  {_BASE} / dbsync restore by {name} = {ratio:.2f}   (bar: {bar:g})")
    return found
