"""The bucket and the keys of encryption: whether the next backup could be stored, and read again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from resources.backup.age_keys import opens_own, read_identities
from resources.backup.remote.layout import top_prefix
from resources.backup.remote.location import RemoteLocation
from resources.backup.remote.store import open_store
from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding
from resources.errors import RemoteStorageError


@check("bucket", "machine")
def bucket(patient: Patient) -> Iterator[Finding]:
    """Lists, writes, reads and removes one small object."""
    location = patient.target.remote
    if location is None:
        yield Finding("bucket", "ok", "backups stay on this machine: BACKUP_STORAGE_PATH is a folder")
        return
    try:
        _try_out(location)
    except RemoteStorageError as error:
        yield Finding("bucket", "fail", f"{location}: {error.what} ({error.why})", error.hint)
        return
    yield Finding("bucket", "ok", f"{location} can be listed, written, read and removed from")
    if (location.endpoint or "").startswith("http://"):
        yield Finding(
            "bucket: TLS",
            "warn",
            "what goes to the bucket is not encrypted on its way",
            "give BACKUP_S3_ENDPOINT an https:// address, or set BACKUP_AGE_RECIPIENT",
        )


def _try_out(location: RemoteLocation) -> None:
    store = open_store(location)
    key = location.key(f".dbsync-doctor-{uuid4().hex}")
    store.folders(top_prefix(location))
    with tempfile.NamedTemporaryFile() as probe:
        probe.write(b"probe")
        probe.flush()
        store.put(key, Path(probe.name), lambda _: None)
    try:
        if b"".join(store.get(key)) != b"probe":
            raise RemoteStorageError("what was written is not what is read", why=f"the object {key}")
        store.abandon(key)
    finally:
        store.delete(key)


@check("encryption", "machine")
def encryption(patient: Patient) -> Iterator[Finding]:
    """Raises BackupKeyError for an identity file that is none."""
    target = patient.target
    if not target.age_recipients:
        if target.age_identity is not None:
            read_identities(target.age_identity)
        yield Finding("encryption", "ok", "backups are stored unencrypted: BACKUP_AGE_RECIPIENT is not set")
        return
    count = len(target.age_recipients)
    yield Finding("encryption", "ok", f"backups are encrypted for {count} age recipient{'s'[: count - 1]}")
    if target.age_identity is None:
        yield Finding(
            "encryption: key",
            "warn",
            "no key is on this machine: backups are made, but not restored, verified or rolled back to here",
            "set BACKUP_AGE_IDENTITY where that is to be possible",
        )
        return
    if target.age_identity.stat().st_mode & 0o077:
        yield Finding(
            "encryption: key file",
            "warn",
            f"{target.age_identity} can be read by others",
            f"chmod 600 {target.age_identity}",
        )
    if opens_own(target.age_recipients, target.age_identity):
        yield Finding("encryption: key", "ok", "the key on this machine opens what is stored")
    else:
        yield Finding(
            "encryption: key",
            "fail",
            "the key on this machine does not open what is stored",
            "set BACKUP_AGE_IDENTITY to the key file of one of BACKUP_AGE_RECIPIENT",
        )
