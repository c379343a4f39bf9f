"""A stored backup as a private server, and proven anew, against loading a dump into an empty server."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.measure import Measured, medians
from benchmarks.peers import DUMP
from benchmarks.stage import LARGE, SCRATCH, Bench
from resources.backup.catalog import list_backups
from resources.mysql.connection import execute, option_file
from resources.mysql.installation import MysqlInstallation
from resources.mysql.server import PrivateServer

_BASE = "mysql < dump"


def proofs(bench: Bench, project: Path, installation: MysqlInstallation) -> Measured:
    """Prints figures and ratios; what `mysql < dump` costs."""
    bench.verb("backup", project=project)
    bench.shell(f"{DUMP} > dump.sql")
    backup = list_backups(project / ".dbsync" / "backups")[-1].id
    print("proof")
    with PrivateServer.create(installation, SCRATCH / "empty") as server:
        server.start()
        with option_file(server.endpoint) as login:
            mysql = " ".join([*installation.command("mysql"), f"--defaults-extra-file={login}"])
            command = f"{mysql} {LARGE} < dump.sql"
            print(f"  $ {DUMP} > dump.sql")
            print(f"  $ mysql {LARGE} < dump.sql      (an empty private server, made for speed)")
            print(f"  $ dbsync restore {backup} --private\n  $ dbsync backups verify {backup}", flush=True)

            def load() -> Measured:
                with server.connect() as connection:
                    execute(connection, f"DROP DATABASE IF EXISTS {LARGE}")
                    execute(connection, f"CREATE DATABASE {LARGE}")
                return bench.shell(command, server)

            def private() -> Measured:
                found = bench.verb("restore", backup, "--private", project=project)
                _stop_private(bench, project)
                return found

            def verify() -> Measured:
                return bench.verb("backups", "verify", backup, project=project)

            found = medians(
                {_BASE: load, "dbsync restore --private": private, "dbsync backups verify": verify},
                bench.rounds,
                print,
            )
    base = found[_BASE]
    for name, bar in (("dbsync restore --private", "30"), ("dbsync backups verify", "none")):
        print(f"  {_BASE} / {name} = {base.seconds / found[name].seconds:.2f}   (bar: {bar})")
    return base


def _stop_private(bench: Bench, project: Path) -> None:
    listed = bench.read("private", "list", "--json", project=project)
    for one in json.loads(listed):
        bench.read("private", "stop", one["name"], project=project)
