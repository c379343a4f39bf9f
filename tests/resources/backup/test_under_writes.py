"""A backup taken while the application writes is the state of one moment, and of the moment it names."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.make import make_full_backup
from resources.backup.manifest import Manifest
from resources.backup.open import open_backup
from resources.child_environment import mysql_environment
from resources.mysql.connection import connect, execute, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.server import PrivateServer
from resources.target import Target
from tests.conftest import TEST_SERVER, target_on
from tests.resources.backup.conftest import world

pytestmark = pytest.mark.slow
DATABASE = "shop"
PER_SECOND = 500
_TABLES = (
    "CREATE TABLE account (id INT PRIMARY KEY, balance DECIMAL(12,2) NOT NULL)",
    "CREATE TABLE transfer (id BIGINT AUTO_INCREMENT PRIMARY KEY, source INT NOT NULL, sink INT NOT NULL,"
    " amount DECIMAL(8,2) NOT NULL, note VARCHAR(200), FOREIGN KEY (source) REFERENCES account (id),"
    " FOREIGN KEY (sink) REFERENCES account (id))",
)
_ACCOUNTS = 200
_ROWS_BEFORE = 20_000


@pytest.fixture
def origin(make_server, tools: Path, tmp_path: Path) -> tuple[PrivateServer, Target]:
    """A server of its own: its binary logs tell everything that ever happened to the database."""
    server = make_server(tcp=True, variables=TEST_SERVER)
    with connect(server.tcp_endpoint) as connection:
        execute(connection, f"CREATE DATABASE {DATABASE}")
    with connect(server.tcp_endpoint, DATABASE) as connection:
        for statement in _TABLES:
            execute(connection, statement)
        values = ",".join(f"({n}, 1000)" for n in range(_ACCOUNTS))
        execute(connection, f"INSERT INTO account VALUES {values}")
        one = "(1, 2, 0.01, REPEAT('x', 150))"
        for _ in range(_ROWS_BEFORE // 1000):
            execute(
                connection,
                f"INSERT INTO transfer (source, sink, amount, note) VALUES {','.join([one] * 1000)}",
            )
    target = target_on(server, DATABASE, tools, tmp_path)
    return server, target


@contextmanager
def _writing(endpoint: Endpoint) -> Iterator[list[float]]:
    """Transfers between accounts, two to three rows a transaction; yields the times of the commits."""
    commits: list[float] = []
    stop = threading.Event()

    def write() -> None:
        with connect(endpoint, DATABASE) as connection:
            begun, rows = time.monotonic(), 0
            while not stop.is_set():
                source, sink = rows % _ACCOUNTS, (rows * 7 + 1) % _ACCOUNTS
                execute(connection, "BEGIN")
                for account, change in ((source, -1), (sink, 1)):
                    execute(
                        connection,
                        "UPDATE account SET balance = balance + %s WHERE id = %s",
                        (change, account),
                    )
                execute(
                    connection,
                    "INSERT INTO transfer (source, sink, amount) VALUES (%s, %s, 1)",
                    (source, sink),
                )
                execute(connection, "COMMIT")
                rows += 3
                commits.append(time.monotonic())
                time.sleep(max(0.0, begun + rows / PER_SECOND - time.monotonic()))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(commits) < 100:
            assert writer.is_alive()
            time.sleep(0.01)
        yield commits
        before = len(commits)
        time.sleep(0.5)
        assert len(commits) > before, "it wrote up to the end"
    finally:
        stop.set()
        writer.join()


def _control(server: PrivateServer, manifest: Manifest, empty: PrivateServer) -> None:
    """The state at the backup's GTIDs (a dump: position), by MySQL's own tools from the server's logs."""
    with server.connect() as connection:
        execute(connection, "FLUSH BINARY LOGS")
    logs = sorted(server.datadir.glob("binlog.0*"))
    if manifest.engine == "clone":
        until = f"--include-gtids={manifest.gtid_executed}"
    else:
        logs = [log for log in logs if log.name <= manifest.binlog_file]
        until = f"--stop-position={manifest.binlog_position}"
    read = [*server.installation.command("mysqlbinlog"), "--no-defaults", "--skip-gtids"]
    replay = [
        *server.installation.command("mysql"),
        "--no-defaults",
        f"--socket={empty.socket}",
        "--user=root",
        "--binary-mode",
    ]
    environment = mysql_environment(LC_ALL="C")
    text = subprocess.run([*read, until, *map(str, logs)], env=environment, capture_output=True, check=True)
    subprocess.run(replay, env=environment, input=text.stdout, capture_output=True, check=True)


@pytest.mark.parametrize("engine", ["clone", "mysqldump"])
def test_a_backup_taken_under_500_writes_a_second_equals_a_control_of_that_moment(
    origin, make_server, tmp_path, engine
):
    server, target = origin
    with _writing(server.tcp_endpoint) as commits:
        begun = time.monotonic()
        manifest = make_full_backup(replace(target, backup_engine=engine)).manifest
        ended = time.monotonic()
    assert (manifest.engine, manifest.proof.proven) == (engine, True)
    during = [moment for moment in commits if begun < moment < ended]
    assert len(during) > 100, "transactions committed while it was taken"

    control = make_server()
    _control(server, manifest, control)
    then = world(control.endpoint, DATABASE)
    assert _ROWS_BEFORE < then.digests["transfer"].rows < _ROWS_BEFORE + len(commits)
    opened = open_backup(target, manifest.id, tmp_path / "opened")
    try:
        assert world(opened.endpoint, DATABASE) == then
        with opened.connect(DATABASE) as connection:
            assert value(connection, "SELECT SUM(balance) FROM account") == _ACCOUNTS * 1000
    finally:
        opened.discard()
