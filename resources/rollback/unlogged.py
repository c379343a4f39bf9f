"""Migrations that write past the binary log: what they changed is found by reading every table."""

from __future__ import annotations

from pathlib import Path

from resources.journal import DeploymentRecord
from resources.prisma.folder import SCRIPT
from resources.redact import inert
from resources.target import Target


def unlogged(target: Target, entry: DeploymentRecord) -> str:
    """Why the log does not hold all that the deployment did; empty where nothing says so."""
    for name in dict.fromkeys(str(e["migration"]) for e in entry.events if e.get("migration")):
        path = target.migrations / Path(name).name / SCRIPT
        if path.is_file() and b"sql_log_bin" in path.read_bytes().lower():
            return f"migration `{inert(name)}` sets sql_log_bin, so the binary log does not have its changes"
    return ""
