"""What the tests of Prisma's behaviour share: a folder to write migrations into, a lock, a run."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resources.mysql.connection import Connection, Row, rows
from resources.mysql.server import PrivateServer
from resources.prisma.apply import apply_pending
from resources.prisma.lock import MigrationLock
from resources.prisma.result import MigrationResult
from resources.target import Target
from tests.support.tcp_proxy import TcpProxy

Write = Callable[[str, str | bytes], Path]
Apply = Callable[..., MigrationResult]


@pytest.fixture
def write(target: Target) -> Write:
    """write(name, script): a migration; returns the path of its migration.sql."""

    def write_migration(name: str, script: str | bytes) -> Path:
        path = target.migrations / name / "migration.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(script.encode() if isinstance(script, str) else script)
        return path

    return write_migration


@pytest.fixture
def lock(target: Target) -> Iterator[MigrationLock]:
    with MigrationLock(target, "test") as held:
        yield held


class CleanlyCutProxy(TcpProxy):
    """Ends both sides when one ends: a socket that is closed while another thread reads it
    sends no FIN, and the server would keep the session."""

    def _pump(
        self, source: socket.socket, sink: socket.socket, from_client: bool, losing: threading.Event
    ) -> None:
        both = source.dup(), sink.dup()
        super()._pump(source, sink, from_client, losing)
        for one in both:
            with suppress(OSError):  # ended already
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def proxy(server: PrivateServer) -> Iterator[TcpProxy]:
    with CleanlyCutProxy(("127.0.0.1", server.port)) as running:
        yield running


@pytest.fixture
def journal() -> list[tuple[str, dict[str, Any]]]:
    """What `apply` recorded."""
    return []


@pytest.fixture
def apply(target: Target, lock: MigrationLock, journal: list[tuple[str, dict[str, Any]]]) -> Apply:
    """apply(**policy): apply what is pending under this policy."""

    def run(**policy: Any) -> MigrationResult:
        bounded = replace(target, policy=replace(target.policy, **policy))
        return apply_pending(bounded, lock, lambda phase, facts: journal.append((phase, facts)))

    return run


def history(connection: Connection, columns: str = "migration_name, finished_at IS NOT NULL") -> list[Row]:
    return rows(connection, f"SELECT {columns} FROM _prisma_migrations ORDER BY started_at")


def tables(connection: Connection) -> list[str]:
    return [name for (name,) in rows(connection, "SHOW TABLES")]


class Notes:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def begin(self, title: str, total: float | None, unit: str) -> Notes:
        return self

    def end(self, step: Any, error: BaseException | None) -> None: ...

    def say(self, text: str) -> None: ...

    def advance(self, amount: float) -> None: ...

    def note(self, text: str) -> None:
        self.notes.append(text)
