"""The deployment lock after the server, and the lock's connection with it, went away."""

from __future__ import annotations

import time

from resources.errors import ConnectError, RollbackFailedError
from resources.prisma.lock import MigrationLock
from resources.target import Target

_RESTART_SECONDS = 60.0
"""How long a server that went away may take to come back before the rollback is given up for now."""


def lock_again(lock: MigrationLock, target: Target) -> None:
    """After a crash of the server the lock is gone with its connection; held still, this does nothing.

    Raises RollbackFailedError when the server does not come back, LockBusyError when another
    deployment was faster.
    """
    deadline = time.monotonic() + _RESTART_SECONDS
    while True:
        try:
            lock.acquire()
            return
        except ConnectError as error:
            if time.monotonic() > deadline:
                raise RollbackFailedError(
                    "the server cannot be reached, so nothing was rolled back yet",
                    where=target.name,
                    why=f"DATA STATE: unknown, as the server left it\n         {error.what}",
                    hint="start the server; any command goes on then, for example: dbsync rollback",
                ) from error
            time.sleep(1)
