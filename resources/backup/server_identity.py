"""Which server the target is: another one's backups of a database of the same name are not its own."""

from __future__ import annotations

from dataclasses import replace

import pymysql

from resources.backup.entry import Entry
from resources.backup.manifest import Manifest
from resources.errors import DbsyncError
from resources.mysql.connection import connect, value
from resources.target import Target

_WITHIN = 2.0
"""Seconds: who looks at backups must not wait long for a server that is away."""


def known_uuid(target: Target) -> str:
    """The server's own; empty where it does not say within seconds. Raises nothing."""
    limit = min(_WITHIN, target.endpoint.connect_timeout)
    try:
        with connect(replace(target.endpoint, connect_timeout=limit), read_timeout=limit) as connection:
            return str(value(connection, "SELECT @@server_uuid"))
    except (DbsyncError, pymysql.err.MySQLError, OSError):
        return ""


def is_own(target: Target, uuid: str, one: Entry | Manifest) -> bool:
    """Whether it is of the target's database, and of the server with this uuid where that is known."""
    return one.database == target.database and uuid in ("", one.server_uuid)
