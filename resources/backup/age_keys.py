"""age keys: who a backup is encrypted for, and what opens it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.errors import BackupKeyError, SettingsError
from resources.redact import remember

if TYPE_CHECKING:
    from resources.backup.manifest import Manifest
    from resources.target import Target

_LONGEST = 1 << 20
"""Bytes of an identity file; age-keygen writes 189."""
_SECRET = "AGE-SECRET-KEY-"


def library() -> Any:
    """pyrage, imported when it is needed; it has no types."""
    import pyrage

    return pyrage


def parse_recipients(recipients: Sequence[str]) -> list[Any]:
    """pyrage's recipients. Raises SettingsError naming what is none."""
    pyrage = library()
    found = []
    for text in recipients:
        if text.upper().startswith(_SECRET):
            remember(text)
            raise SettingsError(
                "BACKUP_AGE_RECIPIENT holds a secret key",
                why="it takes the public one, which begins with age1; the secret one belongs elsewhere",
                hint="age-keygen -y KEYFILE prints the public key of KEYFILE",
            )
        try:
            found.append(pyrage.x25519.Recipient.from_str(text))
        except pyrage.RecipientError as error:
            raise SettingsError(
                f"{text[:80]!r} is no age recipient",
                where="BACKUP_AGE_RECIPIENT",
                why=str(error),
                hint="it begins with age1; age-keygen -y KEYFILE prints it",
            ) from None
    return found


def read_identities(identity: Path | None, name: str = "") -> list[Any]:
    """The keys in an identity file; each is registered as a secret. Raises BackupKeyError.

    `name`: what they are needed for.
    """
    pyrage = library()
    if identity is None:
        raise BackupKeyError(
            "the backup is encrypted, and no key is given that opens it",
            where=name,
            why="BACKUP_AGE_IDENTITY is not set",
            hint="export BACKUP_AGE_IDENTITY=/path/of/the/key-file",
        )
    try:
        with identity.open("rb") as stream:
            text = stream.read(_LONGEST).decode(errors="replace")
    except OSError as error:
        raise _bad_file(identity, error.strerror or str(error)) from error
    found = []
    for line in (line.strip() for line in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        remember(line)
        try:
            found.append(pyrage.x25519.Identity.from_str(line))
        except pyrage.IdentityError:
            # The line may be a secret with a typo in it: it is not repeated.
            raise _bad_file(identity, f"it holds a line that is no {_SECRET}1… key") from None
    if not found:
        raise _bad_file(identity, "it holds no key")
    return found


def require_key(manifest: Manifest, identity: Path | None) -> None:
    """Whether `identity` opens this backup, whose files are here. Raises BackupKeyError.

    One header tells: all files of a backup are encrypted for the same recipients.
    """
    pyrage = library()
    if not manifest.encryption:
        return
    keys = read_identities(identity, manifest.id)
    if not manifest.files:
        return
    smallest = min(manifest.files, key=lambda file: file.stored_length)
    with Path(manifest.file_path, smallest.stored_name).open("rb", buffering=0) as stored:
        try:
            pyrage.decrypt_io(stored, _Nowhere(), keys)
        except (pyrage.DecryptError, OSError) as error:
            if "No matching keys" in str(error):
                raise wrong_key(identity, manifest.id) from error
            # Damage is named by whoever reads the file, with what was expected.


def require_own_key(target: Target, proven_by: str, hint: str) -> None:
    """Whether this machine can read what it encrypts, where the proof needs that.

    `proven_by`: what is proven, and by what. Raises BackupKeyError before anything is stored.
    """
    if target.age_recipients and not opens_own(target.age_recipients, target.age_identity):
        raise BackupKeyError(
            f"{proven_by}, and no key here opens what is encrypted",
            where="BACKUP_AGE_IDENTITY",
            why="it is not set, or its key is not one of BACKUP_AGE_RECIPIENT",
            hint=f"set BACKUP_AGE_IDENTITY; {hint}",
        )


def opens_own(recipients: Sequence[str], identity: Path | None) -> bool:
    """Whether what is encrypted for `recipients` can be read back here with `identity`."""
    pyrage = library()
    if identity is None:
        return False
    sealed = pyrage.encrypt(b"probe", parse_recipients(recipients))
    try:
        pyrage.decrypt_io(io.BytesIO(sealed), _Nowhere(), read_identities(identity))
    except pyrage.DecryptError:
        return False
    return True


def wrong_key(identity: Path | None, name: str) -> BackupKeyError:
    return BackupKeyError(
        "the key does not open this backup",
        where=name,
        why=f"none of the keys in {identity} is one that it was encrypted for",
        hint="set BACKUP_AGE_IDENTITY to the key file of one of its recipients",
    )


def _bad_file(identity: Path, why: str) -> BackupKeyError:
    return BackupKeyError(
        "the age identity file cannot be used",
        where=str(identity),
        why=why,
        hint="BACKUP_AGE_IDENTITY is the path of a file that age-keygen wrote",
    )


class _Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None: ...
