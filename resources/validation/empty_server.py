"""A private server for one replay: without TCP, without durability, gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from resources.mysql.installation import MysqlInstallation
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.server import PrivateServer
from resources.target import Target
from resources.validation.like_target import Likeness


@contextmanager
def empty_server(target: Target, installation: MysqlInstallation, like: Likeness) -> Iterator[PrivateServer]:
    """Running; `make_alike` is still to be called on it. Raises EnvironmentCheckError, DiskFullError."""
    parent = target.state / "replay"
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_abandoned(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
    try:
        server = PrivateServer.create(
            installation,
            folder,
            # Nothing here outlives the replay, so nothing waits for the disk.
            variables={"innodb_flush_method": "nosync", "max_allowed_packet": "1G"},
            init_variables=like.init_variables,
        )
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(parent: Path) -> None:
    """What replays of killed processes left; those of living ones go on."""
    stop_leftovers(parent)
    for folder in parent.iterdir():
        owner = folder.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
