"""Whether the server can be cloned, which is the fast way to a proven backup."""

from __future__ import annotations

from collections.abc import Iterator

from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding, Status
from resources.mysql.connection import rows, value

INSTALL_CLONE = "INSTALL PLUGIN clone SONAME 'mysql_clone.so';"


def clone_is_active(patient: Patient) -> bool:
    status = value(
        patient.connection,
        "SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'",
    )
    return status == "ACTIVE"


@check("clone: plugin", "server")
def plugin(patient: Patient) -> Iterator[Finding]:
    if clone_is_active(patient):
        yield Finding("clone: plugin", "ok", "active")
    else:
        yield Finding(
            "clone: plugin",
            _without_clone(patient),
            "the CLONE plugin is not active: backups are logical dumps, which are slower",
            INSTALL_CLONE,
        )


@check("clone: storage engines", "server")
def engines(patient: Patient) -> Iterator[Finding]:
    """CLONE copies InnoDB tables; of others only the empty shell arrives."""
    name = "clone: storage engines"
    others = rows(
        patient.connection,
        "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s"
        " AND TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB' ORDER BY 1",
        (patient.target.database,),
    )
    if not others:
        yield Finding(name, "ok", "every table is InnoDB")
        return
    listed = ", ".join(f"{table} ({engine})" for table, engine in others[:10])
    yield Finding(
        name,
        _without_clone(patient),
        f"{len(others)} tables are not InnoDB, so CLONE would lose their rows: {listed}",
        "ALTER TABLE … ENGINE = InnoDB; for each of them, or set BACKUP_ENGINE=mysqldump",
    )


def _without_clone(patient: Patient) -> Status:
    return {"clone": "fail", "mydumper": "ok", "mysqldump": "ok"}.get(patient.target.backup_engine, "warn")  # type: ignore[return-value]
