"""Which process works on a run, as a tag of it: a killed one leaves no event behind."""

from __future__ import annotations

import os
import socket

from resources.mysql.process_identity import ProcessIdentity, identity_of

PROCESS_TAG = "dbsync/process"


def this_process() -> str:
    me = identity_of(os.getpid())
    return f"{socket.gethostname()} {me.pid} {me.started}"


def is_gone(tag: str) -> bool:
    """Whether that process ran on this machine and runs no more."""
    host, _, rest = tag.partition(" ")
    pid, _, started = rest.partition(" ")
    return host == socket.gethostname() and pid.isdigit() and not ProcessIdentity(int(pid), started).is_alive
