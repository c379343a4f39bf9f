"""The binary log files inside a stored incremental backup: read without unpacking, and verified."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from resources.backup import archive
from resources.backup.archive import MismatchError
from resources.backup.catalog import corrupt
from resources.backup.incremental.chain import Chain, chain_of
from resources.backup.incremental.since import Contents, read_since
from resources.backup.manifest import FILES, Manifest, Proof, StoredFile
from resources.backup.proof import utc_text
from resources.backup.remote.fetch import sound_backup
from resources.backup.remote.listing import locate
from resources.backup.stored_files import as_corrupt
from resources.errors import ChainBrokenError, NoSuchBackupError
from resources.mysql.binlog_file import BinlogDamagedError
from resources.mysql.gtid_set import GtidSet
from resources.target import Target

FOLDER = "binlogs"
"""Of the files inside the backup."""


def log_files(manifest: Manifest) -> dict[str, StoredFile]:
    """Name of the binary log file → stored file, in the order in which the server wrote them."""
    return {Path(file.path).name: file for file in sorted(manifest.files, key=_order)}


def _order(file: StoredFile) -> tuple[int, str]:
    return len(file.path), file.path  # .1000000 comes after .999999


@contextmanager
def open_stored(backup: Path, file: StoredFile, identity: Path | None = None) -> Iterator[BinaryIO]:
    """What is inside a stored file. Read to its end, it is also compared with its SHA-256.

    `identity`: the age key file that opens an encrypted one. Raises MismatchError, BackupKeyError.
    """
    blocks = _Blocks(archive.plain_blocks(backup, file, identity))
    reader = io.BufferedReader(cast(io.RawIOBase, blocks), archive.BLOCK)
    yield cast(BinaryIO, reader)
    while reader.read(archive.BLOCK):
        pass


class _Blocks(io.RawIOBase):
    def __init__(self, blocks: Iterator[memoryview]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._blocks, memoryview(b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def read_stored(
    parent: Manifest,
    backup: Path,
    files: dict[str, StoredFile],
    clock_ahead: float = 0.0,
    *,
    identity: Path | None = None,
) -> Contents:
    """Read every event of stored files that continue `parent`.

    Raises MismatchError, BinlogDamagedError, ChainBrokenError, BackupKeyError.
    """
    return read_since(
        parent,
        [(name, file.length) for name, file in files.items()],
        lambda name: open_stored(backup, files[name], identity),
        clock_ahead,
    )


def verify_increment(target: Target, backup_id: str) -> Manifest:
    """Every stored byte and every event of it and of the increments before it, down to its full backup.

    Of the full backup the manifest and the lengths are compared; `verify_backup` reads it. What is
    only in the bucket is fetched, but for the full backup, and what is damaged here is replaced by the
    bucket's. Returns the manifest with the proof just made. Raises BackupCorruptError,
    ChainBrokenError, BackupKeyError, RemoteStorageError.
    """
    storage, identity = target.storage, target.age_identity
    _make_sound(target, backup_id)
    chain = chain_of(storage, backup_id, partial(locate, target))
    transactions = 0
    for parent, child in zip(chain.backups, chain.increments, strict=False):
        transactions += _verify_events(storage, parent, child, identity).transactions
    return replace(chain.last, proof=proof_of(chain, transactions, len(chain.increments)))


def _make_sound(target: Target, backup_id: str) -> None:
    """It and the increments before it, every stored byte read. A gap is for `chain_of` to name."""
    with suppress(NoSuchBackupError):
        while backup_id.endswith("-incr"):
            one = sound_backup(target, backup_id, to_open=True)
            if one.parent >= one.id:
                return
            backup_id = one.parent


def _verify_events(storage: Path, parent: Manifest, child: Manifest, identity: Path | None) -> Contents:
    try:
        contents = read_stored(parent, Path(child.file_path), log_files(child), identity=identity)
    except MismatchError as error:
        raise as_corrupt(storage, child.id, error) from error
    except BinlogDamagedError as error:
        why = f"expected {error.expected}, actual {error.actual}"
        raise corrupt(storage, child.id, f"{FILES}/{FOLDER}/{error.file}", why) from error
    except ChainBrokenError as error:
        error.what = f"backup {child.id} does not continue {parent.id}: {error.why}"
        raise
    if contents.end_gtids != GtidSet.parse(child.gtid_executed):
        why = f"expected GTIDs up to {child.gtid_executed or 'none'}, actual {contents.end_gtids}"
        raise corrupt(storage, child.id, FOLDER, why)
    return contents


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def proof_of(chain: Chain, transactions: int, increments: int) -> Proof:
    return Proof(
        proven=True,
        at=utc_text(),
        where=chain.last.file_path,
        seconds=0.0,
        result=(
            f"every event of {_counted(transactions, 'transaction')} read in"
            f" {_counted(increments, 'incremental backup')}; unbroken since {chain.full.id}"
        ),
        of="archive",
    )
