"""The deployment lock: Prisma's own `GET_LOCK('prisma_migrate')`, with its answer checked.

It protects everything that must not run twice at once on one server: backups,
migrations, rollbacks, restores. Prisma takes the same lock but never reads the
answer: its commands wait 10 s and then go ahead. So the lock is verified again
before each migration. It lives and dies with one connection, which is used for
nothing else.
"""

from __future__ import annotations

import threading
from types import TracebackType

import pymysql

from resources.errors import EnvironmentCheckError, LockBusyError
from resources.mysql.connection import Connection, execute, value
from resources.prisma.lock_holder import LOCK_NAME, describe_self, read_holder, write_note
from resources.prisma.pymysql_internals import drop
from resources.prisma.retry import connect_patiently
from resources.target import Target

WAIT_SECONDS = 3
"""For how long a busy lock is waited for: a deployment that just ends should not fail the next one."""
_SESSION_SECONDS = 120
"""The server ends the lock's session after this silence, so a vanished host frees the lock."""
_PING_SECONDS = 20.0
_ANSWER_SECONDS = 15.0
_IS_OURS = f"SELECT IS_USED_LOCK('{LOCK_NAME}') = CONNECTION_ID()"


class MigrationLock:
    """Held from `acquire` to `release`; a context manager. Usable again after it was lost."""

    def __init__(self, target: Target, purpose: str) -> None:
        self._target = target
        self._purpose = purpose
        self._connection: Connection | None = None
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._pinger: threading.Thread | None = None

    @property
    def connection_id(self) -> int | None:
        """Of the session that holds the lock, or None."""
        return self._connection.thread_id() if self._connection else None

    def acquire(self) -> None:
        """Take the lock within WAIT_SECONDS; nothing happens where it is held already.

        Raises LockBusyError naming the holder; EnvironmentCheckError where the server
        does not allow the lock at all; and what `connect` raises.
        """
        if self.is_held():
            return
        self.release()
        connection = connect_patiently(self._target, database=False, read_timeout=_ANSWER_SECONDS)
        try:
            execute(connection, f"SET SESSION wait_timeout = {_SESSION_SECONDS}")
            # Before the lock is asked for: whoever finds it taken can then read by whom.
            write_note(connection, describe_self(self._purpose))
            if _get_lock(connection) != 1:
                raise _busy(connection, self._target)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._stop = threading.Event()
        self._pinger = threading.Thread(
            target=self._keep_alive, args=(self._stop,), name="dbsync-lock", daemon=True
        )
        self._pinger.start()

    def verify(self) -> None:
        """Ask the server whether the lock is still ours. Raises LockBusyError where it is not."""
        if self.is_held():
            return
        raise LockBusyError(
            "the deployment lock was lost",
            where=self._target.name,
            why="its connection ended, so another deployment may have begun",
            hint="dbsync status, then start again",
        )

    def is_held(self) -> bool:
        """Ask the server. False also where it does not answer."""
        with self._mutex:
            if self._connection is None or not self._connection.open:
                return False
            try:
                return value(self._connection, _IS_OURS) == 1
            except pymysql.err.MySQLError:
                # Whatever the reason: a connection that cannot answer proves nothing.
                drop(self._connection)
                return False

    def release(self) -> None:
        """Free the lock and close its connection. Safe to call twice, and after a loss."""
        self._stop.set()
        if self._pinger is not None and self._pinger is not threading.current_thread():
            self._pinger.join(_ANSWER_SECONDS)
        self._pinger = None
        with self._mutex:
            connection, self._connection = self._connection, None
        if connection is None or not connection.open:
            return
        try:
            value(connection, f"SELECT RELEASE_LOCK('{LOCK_NAME}')")
            connection.close()
        except pymysql.err.MySQLError:
            drop(connection)  # the end of the session frees the lock as well

    def __enter__(self) -> MigrationLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def _keep_alive(self, stop: threading.Event) -> None:
        while not stop.wait(_PING_SECONDS):
            if not self.is_held():
                return  # `verify` says so, before anything is done under the lock


def _get_lock(connection: Connection) -> int | None:
    try:
        return value(connection, f"SELECT GET_LOCK('{LOCK_NAME}', {WAIT_SECONDS})")
    except pymysql.err.MySQLError as error:
        if error.args and error.args[0] in (1105, 1235, 3058):
            raise EnvironmentCheckError(
                "the server refuses GET_LOCK, so two deployments cannot be kept apart",
                why=str(error.args[-1]),
                hint="Galera and PXC: SET GLOBAL pxc_strict_mode = PERMISSIVE on the node deployed to",
            ) from error
        raise


def _busy(connection: Connection, target: Target) -> LockBusyError:
    holder = read_holder(connection)
    return LockBusyError(
        "another deployment holds the lock",
        where=target.name,
        why=str(holder) if holder else "it was freed just now",
        hint=f"wait for it, or if it is a leftover: KILL {holder.connection_id}" if holder else "start again",
    )
