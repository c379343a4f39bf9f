"""`python -m benchmarks.restore`: the whole database back in a running server, against `mysql < dump`.

Every figure is of one run on one machine, the ways in turn; the ratios are what counts. The
commands of dbsync are measured from their start to their end, everything they check included.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.make_database import make_database, size
from benchmarks.measure import Measured, environment, measure, medians
from resources.mysql.connection import connect, execute, option_file
from resources.mysql.get import get_mysql
from resources.mysql.server import PrivateServer
from resources.mysql.server_variables import LASTING, merged
from resources.settings import CHECKOUT, load_settings, target_of
from tests.support.project import Project

SCRATCH = CHECKOUT / ".bench" / "restore"
DATABASE, LOADED = "bench", "loaded"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restore", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is about 1.5 GB")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True, mode=0o700)
    installation = get_mysql(target_of(_settings()).tools, None)
    variables = merged(LASTING, {"binlog_row_metadata": "FULL", "server_id": "77"})
    server = PrivateServer.create(installation, SCRATCH / "m", tcp=True, variables=variables)
    server.start()
    try:
        _run(server, options.scale, options.rounds)
    finally:
        server.kill()
        shutil.rmtree(SCRATCH)


def _settings():
    return load_settings(CHECKOUT, DATABASE_URL="mysql://nobody@127.0.0.1/none")


def _run(server: PrivateServer, scale: float, rounds: int) -> None:
    endpoint, tools = server.tcp_endpoint, target_of(_settings()).tools
    make_database(endpoint, DATABASE, scale)
    with connect(endpoint) as connection:
        print(f"{size(connection, DATABASE) / 1e9:.2f} GB of tables and indexes")
    project = Project(SCRATCH / "app", endpoint, DATABASE, tools)
    code, made = project.report("backup")
    assert code == 0, made
    own = environment(
        PYTHONPATH=str(CHECKOUT), DATABASE_URL=project.url, DBSYNC_TOOLS=str(tools), RESTORE_WAY="auto"
    )
    command = [sys.executable, "-P", "-m", "dbsync_assets.cli"]

    def restore(way: str) -> Measured:
        done = measure(
            [*command, "restore", made["id"], "--accept-loss", "--json"],
            cwd=project.folder,
            env={**own, "RESTORE_WAY": way},
        )
        finish = [*command, "restore", "finish", "--yes"]
        subprocess.run(finish, cwd=project.folder, env=own, check=True, capture_output=True)
        return done

    with option_file(endpoint) as login:
        _dump(server, login)
        load = f"{_client(server, 'mysql', login)} {LOADED} < {SCRATCH}/dump.sql"

        def mysql() -> Measured:
            with connect(endpoint) as connection:
                execute(connection, f"DROP DATABASE IF EXISTS {LOADED}")
                execute(connection, f"CREATE DATABASE {LOADED}")
            done = measure(["bash", "-c", load], cwd=SCRATCH, env=environment())
            with connect(endpoint) as connection:
                execute(connection, f"DROP DATABASE {LOADED}")
            return done

        found = medians(
            {
                "mysql < dump": mysql,
                "dbsync restore, files": lambda: restore("auto"),
                "dbsync restore, row events": lambda: restore("rows"),
            },
            rounds,
            lambda line: print(line, flush=True),
        )
    base = found["mysql < dump"].seconds
    for way, bar in (("files", 8.0), ("row events", 2.5)):
        ratio = base / found[f"dbsync restore, {way}"].seconds
        print(f"  mysql < dump / dbsync restore by {way} = {ratio:.2f}   (bar: {bar:g})")


def _dump(server: PrivateServer, login: Path) -> None:
    options = "--single-transaction --set-gtid-purged=OFF"
    command = f"{_client(server, 'mysqldump', login)} {options} {DATABASE} > {SCRATCH}/dump.sql"
    subprocess.run(["bash", "-c", command], check=True, env=environment())


def _client(server: PrivateServer, program: str, login: Path) -> str:
    return f"{' '.join(server.installation.command(program))} --defaults-extra-file={login}"


if __name__ == "__main__":
    main()
