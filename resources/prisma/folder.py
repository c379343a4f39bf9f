"""Prisma's migrations folder, read once and safely.

Every real sub-directory is a migration, whatever its name; its script is
`migration.sql`. What Prisma follows or skips silently (links, devices, names that
differ in case only) is refused here: the bytes that were checked must be the bytes
that run.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from resources.errors import MigrationsFolderError
from resources.prisma.checksum import checksum
from resources.prisma.ordering import prisma_key
from resources.redact import inert

SCRIPT = "migration.sql"
MAX_SCRIPT_BYTES = 64 * 2**20
"""MySQL's default max_allowed_packet; a script travels in one packet."""
MAX_FOLDER_BYTES = 256 * 2**20
"""All scripts together: what dbsync is ready to hold in memory."""


@dataclass(frozen=True)
class MigrationFile:
    name: str
    path: Path
    """Of migration.sql, whether it exists or not."""
    content: bytes = field(repr=False)
    checksum: str
    missing: bool = False
    """migration.sql is not there. Not an error until its content is needed (Prisma P3015)."""


def read_migrations(path: Path) -> list[MigrationFile]:
    """All migrations in Prisma's order; an absent folder is an empty list.

    Raises MigrationsFolderError for anything that cannot be trusted to be the same
    file when it runs, and for scripts larger than MAX_SCRIPT_BYTES.
    """
    try:
        with os.scandir(path) as found:
            names = [entry.name for entry in sorted(found, key=lambda e: e.name) if _is_migration(entry)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise MigrationsFolderError(
            "the migrations folder cannot be read",
            where=inert(str(path)),
            why=error.strerror or str(error),
            hint="set PRISMA_MIGRATIONS to the folder that holds the migrations",
        ) from error
    _refuse_colliding(path, names)
    files: list[MigrationFile] = []
    budget = MAX_FOLDER_BYTES
    for name in sorted(names, key=prisma_key):
        script = path / name / SCRIPT
        content = read_regular_file(script, min(MAX_SCRIPT_BYTES, budget))
        budget -= len(content or b"")
        found = content is not None
        files.append(
            MigrationFile(name, script, content or b"", checksum(content or b"") if found else "", not found)
        )
    return files


def read_regular_file(path: Path, limit: int) -> bytes | None:
    """At most `limit` bytes of a regular file, or None where there is no such name.

    Raises MigrationsFolderError for links, FIFOs, devices, directories, unreadable
    and larger files. Never waits: a FIFO opened without O_NONBLOCK would hang.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = "it is a symbolic link" if path.is_symlink() else error.strerror or str(error)
        raise _unsafe(path, why) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise _unsafe(path, f"it is a {_kind(found.st_mode)}, not a file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise MigrationsFolderError(
            f"a migration script is larger than {limit:,} bytes",
            where=inert(str(path)),
            why=f"{found.st_size:,} bytes; MySQL takes a script in one packet",
            hint="load bulk data outside migrations, or split the script into several migrations",
        )
    return content


def require_name(name: str) -> str:
    """`name`, when it can be the name of a directory. Raises MigrationsFolderError (Prisma P3017)."""
    if name in ("", ".", "..") or "/" in name or "\\" in name or not _printable(name):
        raise MigrationsFolderError(
            f"the migration {inert(name)!r} could not be found (Prisma P3017)",
            why="this is not the name of a directory",
            hint="give the whole name of the directory, for example 20201207184859_initial_migration",
        )
    return name


def _is_migration(entry: os.DirEntry[str]) -> bool:
    if entry.is_symlink():
        if entry.is_dir():
            raise _unsafe(Path(entry.path), "it is a symbolic link to a directory; Prisma would skip it")
        return False
    if not entry.is_dir():
        return False
    if not _printable(entry.name):
        raise _unsafe(Path(entry.path), "its name has control characters or is not UTF-8")
    return True


def _printable(name: str) -> bool:
    # Surrogates ("Cs") stand for bytes that are not UTF-8.
    return all(unicodedata.category(character) not in ("Cc", "Cs") for character in name)


def _refuse_colliding(path: Path, names: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in seen:
            raise MigrationsFolderError(
                "two migrations have names that are one on macOS and Windows",
                where=inert(f"{path}: {seen[folded]} and {name}"),
                why="the names differ in upper and lower case or in Unicode form only",
                hint="rename the one that is not applied yet",
            )
        seen[folded] = name


def _unsafe(path: Path, why: str) -> MigrationsFolderError:
    shown = str(path).encode("utf-8", "backslashreplace").decode()
    return MigrationsFolderError(
        "an entry of the migrations folder cannot be used",
        where=inert(shown).replace("\n", "\\n"),
        why=why,
        hint="put a plain directory with a plain migration.sql there",
    )


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "FIFO", stat.S_IFDIR: "directory", stat.S_IFSOCK: "socket"}
    return kinds.get(stat.S_IFMT(mode), "device")
