"""The CLONE engine: the whole instance, copied by the server itself into a private data folder.

The copy goes to a folder beside the recipient (`DATA DIRECTORY`), so the recipient is not
replaced and restarted, and the files lie still, complete, until a server is started on them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

from resources import progress
from resources.backup.engine import CloneImpossibleError
from resources.backup.job import Job
from resources.backup.source import init_variables
from resources.errors import DiskFullError
from resources.mysql.connection import Connection, connect, execute, rows, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.server import PrivateServer
from resources.mysql.server_variables import BARE, UNCACHED
from resources.redact import redact

# The recipient lives for seconds and its copy is archived before anything relies on it.
_RECIPIENT = {
    "innodb_flush_method": UNCACHED,
    "auto_generate_certs": "OFF",
    "caching_sha2_password_auto_generate_rsa_keys": "OFF",
}
_POLL = 0.2
_BUSY_PATIENCE = 60.0
"""Seconds to wait for another clone of the same server to end; it allows one at a time."""
_THREADS = 2
"""By default CLONE begins with one thread and adds others second by second, which for the few
seconds of a small database is too late: 1.5 GB took 3.8 and 2.4 s so, 2.4 and 2.0 s with two at
once, and 3.0 s with four (2 cores, the order taken in turn)."""
_TOO_MANY_CLONES = "3634"
_UNENCRYPTED = "REQUIRE NO SSL"


def clone_into(
    datadir: Path, job: Job, note: Callable[[PrivateServer], None], copying: Callable[[], None]
) -> None:
    """Clone the job's target into `datadir`, which must not exist.

    `note` is given the recipient before and after its start, and stops the clone by raising;
    `copying` is called when nothing is left to do but to let the servers copy.
    Raises CloneImpossibleError with the server's reason, DiskFullError.
    """
    endpoint, source = job.target.endpoint, job.source
    variables = {**BARE, **_RECIPIENT}
    if endpoint.tls and endpoint.tls.verify and endpoint.tls.ca:
        variables["clone_ssl_ca"] = str(endpoint.tls.ca)
    recipient = PrivateServer.create(
        job.installation,
        job.work / "recipient",
        variables=variables,
        init_variables=init_variables(source.settings),
    )
    try:
        note(recipient)
        recipient.start()
        note(recipient)
        with recipient.connect() as connection:
            _install_plugins(connection, endpoint)
            copying()
            with _growth(datadir, source.instance_bytes):
                _clone(connection, endpoint, datadir)
    finally:
        recipient.discard()


def _clone(connection: Connection, endpoint: Endpoint, datadir: Path) -> None:
    host, port = _address(endpoint)
    execute(connection, "SET GLOBAL clone_valid_donor_list = %s", (f"{host}:{port}",))
    execute(connection, f"SET GLOBAL clone_autotune_concurrency = OFF, clone_max_concurrency = {_THREADS}")
    for clause in _tls_clauses(endpoint, host):
        statement = (
            f"CLONE INSTANCE FROM %s@%s:{port} IDENTIFIED BY %s DATA DIRECTORY = %s {clause}",
            (endpoint.user, host, endpoint.password, str(datadir)),
        )
        try:
            _when_free(connection, *statement)
            return
        except pymysql.err.MySQLError as error:
            text = redact(str(error.args[-1]))
            if "No space left" in text or "errno: 28" in text:
                raise DiskFullError(
                    f"disk full: {datadir}", where=str(datadir.parent), why=text, hint="free space there"
                ) from error
            if clause != _UNENCRYPTED:
                raise CloneImpossibleError(text, "dbsync doctor") from error
            # The server may want TLS even here; it is asked for in the next round.


def _tls_clauses(endpoint: Endpoint, host: str) -> list[str]:
    """REQUIRE SSL exactly where the URL does. Without a clause the server's TLS is used when it has one.

    Between two processes of one machine encryption protects nothing and took two thirds of
    the clone's CPU time (measured).
    """
    if endpoint.tls:
        return ["REQUIRE SSL"]
    return [_UNENCRYPTED, ""] if host in ("127.0.0.1", "::1") else [""]


def _when_free(connection: Connection, statement: str, arguments: tuple[str, ...]) -> None:
    """Run it; wait while another clone of the server runs. Raises pymysql's errors."""
    deadline = time.monotonic() + _BUSY_PATIENCE
    while True:
        try:
            execute(connection, statement, arguments)
            return
        except pymysql.err.MySQLError as error:
            if _TOO_MANY_CLONES not in str(error.args[-1]) or time.monotonic() > deadline:
                raise
            progress.say("another clone of this server is running; waiting for it")
            time.sleep(2)


def _address(endpoint: Endpoint) -> tuple[str, int]:
    """Where a clone reaches the server. It comes over TCP, also from a server on this machine."""
    if endpoint.socket is not None:
        with connect(endpoint) as connection:
            return "127.0.0.1", int(value(connection, "SELECT @@port"))
    # The client library takes "localhost" for the socket of a server with default settings.
    return ("127.0.0.1" if endpoint.host == "localhost" else endpoint.host), endpoint.port


def _install_plugins(connection: Connection, endpoint: Endpoint) -> None:
    """CLONE wants the donor's plugins on the recipient; those that cannot be had it will name itself."""
    active = (
        "SELECT plugin_name, plugin_library FROM information_schema.plugins"
        " WHERE plugin_status = 'ACTIVE' AND plugin_library IS NOT NULL"
    )
    with connect(endpoint) as donor:
        wanted = set(rows(donor, active))
    for name, library in wanted - set(rows(connection, active)):
        if not str(name).replace("_", "").isalnum():
            continue
        try:
            execute(connection, f"INSTALL PLUGIN {name} SONAME %s", (library,))
        except pymysql.err.MySQLError as error:
            progress.say(f"plugin {name} of the server cannot be loaded here: {error.args[-1]}")


@contextmanager
def _growth(datadir: Path, total: int) -> Iterator[None]:
    """Progress by what has arrived: performance_schema would tell, and costs 0.4 s of the start."""
    with progress.step("clone", total=total, unit="bytes") as step:
        ended = threading.Event()

        def watch() -> None:
            seen = 0
            while not ended.wait(_POLL):
                now = _size(datadir)
                step.advance(max(0, min(now, total) - seen))
                seen = max(seen, min(now, total))

        watcher = threading.Thread(target=watch, name="clone progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total
