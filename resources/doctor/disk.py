"""Room for the backup and for the private copy that proves it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pymysql

from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding
from resources.mysql.connection import is_denied, value

_SERVER_OVERHEAD = 300 * 2**20
"""Bytes of an empty private server: its dictionary, undo and redo logs."""
_ARCHIVE_SHARE = 0.5
"""Size of a zstd-compressed copy against the data; 0.44 was measured."""


@check("disk: folders", "machine")
def folders(patient: Patient) -> Iterator[Finding]:
    for title, folder in _folders(patient):
        name = f"disk: {title}"
        place = _existing(folder)
        try:
            with tempfile.NamedTemporaryFile(dir=place, prefix=".dbsync-doctor-") as probe:
                probe.write(b"x")
                probe.flush()
                os.fsync(probe.fileno())
        except OSError as error:
            yield Finding(
                name,
                "fail",
                f"{place} cannot be written: {error.strerror}",
                f"make it writable for this user, or set {_setting(title)}",
            )
            continue
        free = shutil.disk_usage(place).free
        yield Finding(name, "ok", f"{folder} is writable, {free / 1e9:.1f} GB free")


@check("disk: space", "server")
def space(patient: Patient) -> Iterator[Finding]:
    size = _size(patient)
    copy, archive = size + _SERVER_OVERHEAD, int(size * _ARCHIVE_SHARE)
    state, storage = (_existing(folder) for _, folder in _folders(patient))
    needs: dict[int, tuple[Path, int]] = {}
    for place, need in ((state, copy), (storage, archive)):
        device = place.stat().st_dev
        before = needs.get(device, (place, 0))
        needs[device] = (before[0], before[1] + need)
    for place, need in needs.values():
        free = shutil.disk_usage(place).free
        detail = f"a proven backup of {size / 1e9:.2f} GB takes about {need / 1e9:.2f} GB at {place}; "
        detail += f"{free / 1e9:.2f} GB are free"
        if free < need:
            yield Finding(
                "disk: space",
                "fail",
                detail,
                "free space there, or set BACKUP_STORAGE_PATH and DBSYNC_STATE to a larger disk",
            )
        elif free < 2 * need:
            yield Finding("disk: space", "warn", detail, "free space there soon: one more backup fits")
        else:
            yield Finding("disk: space", "ok", detail)


def _size(patient: Patient) -> int:
    """Bytes on the server's disk that a backup reads: of all tablespaces, or of the database's tables."""
    if patient.target.backup_engine in ("auto", "clone"):
        try:
            whole = value(
                patient.connection, "SELECT SUM(FILE_SIZE) FROM information_schema.INNODB_TABLESPACES"
            )
            return int(whole or 0)
        except pymysql.err.MySQLError as error:
            # 1227: it takes PROCESS, whose absence the privileges check reports.
            if not is_denied(error):
                raise
    return int(
        value(
            patient.connection,
            "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s",
            (patient.target.database,),
        )
        or 0
    )


def _folders(patient: Patient) -> tuple[tuple[str, Path], tuple[str, Path]]:
    return ("state", patient.target.state), ("storage", patient.target.storage)


def _setting(title: str) -> str:
    return {"state": "DBSYNC_STATE", "storage": "BACKUP_STORAGE_PATH"}[title]


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists: it will be made there."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())
