"""The stored backups: is one young enough, and is there room for those to come?"""

from __future__ import annotations

from collections.abc import Iterator

from resources.backup.freshness import freshness_anywhere
from resources.backup.headroom import headroom
from resources.backup.index import look
from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding


@check("backups: age", "machine")
def backup_age(patient: Patient) -> Iterator[Finding]:
    found = freshness_anywhere(patient.target, look(patient.target.storage).entries)
    yield Finding("backups: age", "ok" if found.is_fresh else "warn", str(found), "dbsync backup")


@check("backups: catalog", "machine")
def backup_catalog(patient: Patient) -> Iterator[Finding]:
    found = look(patient.target.storage)
    for backup_id, why in found.damaged.items():
        fix = f"dbsync backups list   (older ones), then remove {patient.target.storage / backup_id}"
        yield Finding("backups: catalog", "warn", f"the manifest of {backup_id} is damaged: {why[:200]}", fix)
    if found.problem:
        yield Finding("backups: catalog", "warn", f"the index {found.problem}", "dbsync backups reindex")
    if not found.damaged and not found.problem:
        yield Finding("backups: catalog", "ok", f"{len(found.entries)} backups, index and manifests agree")


@check("backups: headroom", "machine")
def backup_headroom(patient: Patient) -> Iterator[Finding]:
    found = headroom(patient.target, look(patient.target.storage).entries)
    if found is None:
        yield Finding("backups: headroom", "ok", "no backup yet, so nothing is known of their size")
        return
    fix = "free space, lower BACKUP_KEEP, or set BACKUP_STORAGE_PATH to a larger disk"
    yield Finding("backups: headroom", "ok" if found.is_enough else "warn", str(found), fix)
