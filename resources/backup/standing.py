"""Whether a backup counts as proven today: its newest proof, which is later than the one it was made with.

A manifest is never written again, so later proofs stand beside it, one JSON line each.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from resources.backup.manifest import Proof
from resources.durable_file import disk_full, fsync_folder
from resources.redact import redact_value

FILE_NAME = "proofs.jsonl"
_LONGEST = 16 << 20


class _Proven(Protocol):
    @property
    def file_path(self) -> str: ...

    @property
    def proofs_folder(self) -> str: ...

    @property
    def proof(self) -> Proof: ...


@dataclass(frozen=True)
class Standing:
    """`proof` is the newest one, of the manifest or a later one."""

    proof: Proof
    proofs: int
    """How often it was tried, at its making included; 0 where nobody ever tried."""

    @property
    def proven(self) -> bool:
        return self.proof.proven

    @property
    def failed(self) -> bool:
        """It was tried and did not restore to what was backed up: not to be used without a word."""
        return not self.proof.proven and self.proofs > 0

    @property
    def word(self) -> str:
        """For a list: proven, NOT proven, FAILED."""
        return "proven" if self.proven else "FAILED" if self.failed else "NOT proven"

    def as_dict(self) -> dict[str, object]:
        return self.proof.as_dict() | {"standing": self.word, "proofs": self.proofs}


def standing(backup: _Proven) -> Standing:
    """Of a manifest or a line of the catalog, wherever the backup lies."""
    later = later_proofs(proofs_folder(backup))
    tried = len(later) + (1 if backup.proof.of else 0)
    return Standing(later[-1] if later else backup.proof, tried)


def proofs_folder(backup: _Proven) -> Path:
    """The folder with the file of its later proofs."""
    return Path(backup.proofs_folder or backup.file_path)


def later_proofs(backup: Path) -> list[Proof]:
    """In the order in which they were made."""
    path = backup / FILE_NAME
    if path.is_symlink() or not path.is_file():
        return []
    with path.open("rb") as stream:
        return parse_proofs(stream.read(_LONGEST))


def parse_proofs(data: bytes) -> list[Proof]:
    """The proofs in the bytes of such a file."""
    found = []
    for line in data.decode(errors="replace").split("\n"):
        try:
            found.append(Proof(**json.loads(line)))
        except (ValueError, TypeError):
            continue  # torn by a crash: it was never acknowledged
    return found


def merged_proofs(one: bytes, other: bytes) -> bytes:
    """A file that holds what either holds, in the order in which the proofs were made.

    Two machines may have proven one backup: the failure that one of them saw must not be lost.
    """
    if one.startswith(other):
        return one
    if other.startswith(one):
        return other
    both = [*parse_proofs(one), *parse_proofs(other)]
    ordered = sorted({_line(proof): proof for proof in both}.values(), key=lambda proof: proof.at)
    return b"".join(_line(proof) for proof in ordered)


def _line(proof: Proof) -> bytes:
    # The newline first: a line torn by a crash then spoils only itself.
    return f"\n{json.dumps(redact_value(proof.as_dict()), ensure_ascii=False)}\n".encode()


def record_proof(backup: Path, proof: Proof) -> None:
    """Add a proof, good or bad; it is on the disk when this returns. Raises DiskFullError, OSError."""
    path = backup / FILE_NAME
    is_new = not path.exists()
    data = _line(proof)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            while data:
                data = data[os.write(fd, data) :]
            os.fsync(fd)
        finally:
            os.close(fd)
        if is_new:
            fsync_folder(backup)
    except OSError as error:
        raise disk_full(error, path) from error
