"""Where a private server listens, and the accounts of one that listens on TCP."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero and ".lock" included.
_LONGEST_SOCKET_PATH = 97


def socket_for(folder: Path) -> str:
    """`folder`/s, or a path in a private folder of the system's temporary one when that is too long."""
    inside = folder / "s"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_PATH:
        return str(inside)
    short = Path(tempfile.mkdtemp(prefix="dbsync-"))
    if len(os.fsencode(short / "s")) > _LONGEST_SOCKET_PATH:
        short.rmdir()
        short = Path(tempfile.mkdtemp(prefix="dbsync-", dir="/tmp"))
    return str(short / "s")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accounts_sql(password: str) -> str:
    """An init file (one statement a line) that gives root a password and makes the TCP account `dbsync`.

    The password comes from token_urlsafe, so it holds no quote and no backslash.
    """
    return (
        "SET SESSION sql_log_bin = 0;\n"
        f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n"
        f"CREATE USER IF NOT EXISTS 'dbsync'@'%' IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON *.* TO 'dbsync'@'%' WITH GRANT OPTION;\n"
    )
