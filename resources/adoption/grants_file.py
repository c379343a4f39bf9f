"""The least privileges, as a file for whoever may grant them."""

from __future__ import annotations

from pathlib import Path

from resources.adoption.proposal import Proposal, read
from resources.doctor.privileges import all_grants
from resources.mysql.connection import Connection


def grants_file(project: Path, connection: Connection, database: str) -> Proposal:
    path = project / "dbsync" / "grants.sql"
    account = "`dbsync`@`localhost`"
    lines = [
        "-- An account of its own for dbsync, with no more than it needs. Run it as an administrator,",
        "-- with a host and a password of your own; then DATABASE_URL of the releases names this account.",
        f"-- CREATE USER {account} IDENTIFIED BY '…';",
        *all_grants(connection, database, account),
        "",
    ]
    return Proposal(path, read(path), "\n".join(lines), "the exact GRANTs, for an administrator to run")
