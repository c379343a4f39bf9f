"""Making a MySQL available without touching the system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.errors import MysqlNotFoundError
from resources.file_lock import locked_file
from resources.mysql.apt_download import download
from resources.mysql.installation import (
    MysqlInstallation,
    UnusableError,
    find_with_reasons,
    private_installation,
)
from resources.progress import say

HOW_TO_INSTALL = (
    "install MySQL 8.0.17 or later and try again — "
    "Ubuntu: apt install mysql-server-core-8.0 mysql-client-core-8.0; "
    "Debian: apt install mysql-server-core mysql-client-core (from unstable, or from MySQL's own archive); "
    "RHEL, Rocky, Alma, Fedora: dnf install mysql-server mysql; "
    "macOS: brew install mysql; "
    "Alpine packages only MariaDB, which lacks CLONE: use a Debian-based image; "
    "or unpack MySQL's generic Linux archive anywhere and set MYSQLD=<folder>/bin/mysqld"
)


def get_mysql(tools: Path, mysqld: Path | None = None) -> MysqlInstallation:
    """The MySQL that dbsync runs its private servers with: found, or fetched into `tools`.

    In this order: `mysqld` where it is given; a `mysqld` on PATH with its clients; one
    unpacked in `tools` earlier; the distribution's packages, unpacked there now.
    Raises MysqlNotFoundError saying what was tried and what to install.
    """
    tools = tools.absolute()
    found, reasons = find_with_reasons(tools, mysqld)
    if found is not None:
        return found
    with _one_at_a_time(tools):
        # Another process may have fetched it while this one waited.
        found = private_installation(tools)
        if found is not None:
            return found
        try:
            return download(tools)
        except UnusableError as error:
            reasons.append(str(error))
    raise MysqlNotFoundError(
        "no usable MySQL is here and none could be got",
        where=str(tools),
        why="; ".join(reasons),
        hint=HOW_TO_INSTALL,
    )


@contextmanager
def _one_at_a_time(tools: Path) -> Iterator[None]:
    """Keeps two processes from downloading the same MySQL; freed by the kernel when one is killed."""
    tools.mkdir(parents=True, exist_ok=True)
    with locked_file(
        tools / ".mysql.lock", waiting=lambda: say("another dbsync is fetching MySQL; waiting for it")
    ):
        yield
