"""A table's rows as its file: exported from the private copy, copied, imported by the server.

Nothing is read row by row; the server only writes its own numbers into the pages. Measured on
MySQL 9.7: instant columns, virtual and functional indexes, partitions and spatial indexes come
through it, FULLTEXT indexes do not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pymysql

from resources.backup.room import require_room
from resources.durable_file import disk_full
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.mysql.server import PrivateServer
from resources.progress import Step
from resources.rollback.server_files import COPYING, METADATA, TABLESPACE, ServerFiles
from resources.rollback.tablespace_number import UnknownPageError, renumber
from resources.uncached import copy_uncached

_ROW_VERSIONS_SINCE = (9, 0)
"""Import of tables with instant columns was measured from here on."""
_REFUSED = {
    "\n  FULLTEXT KEY ": "it has a FULLTEXT index",
    " TABLESPACE `": "it lies in a general tablespace",
    " DATA DIRECTORY=": "it lies outside of the data folder",
    "COMPRESSION='": "its pages are compressed",
    " ROW_FORMAT=COMPRESSED": "its row format is COMPRESSED",
    " KEY_BLOCK_SIZE=": "its row format is COMPRESSED",
    "ENCRYPTION='Y'": "it is encrypted",
}
_PARTITIONED = re.compile(r"\n/\*!\d+ PARTITION BY ")
# The server does not take the file: another layout, not found, an error of InnoDB's.
_NOT_TAKEN = frozenset({1808, 1810, 1812, 1815, 1816, 1817})
_KEPT_FREE = 64 << 20
"""Bytes: the server has to go on writing beside us."""


class NotImportableError(Exception):
    """This table cannot go as a file; the text says why."""


@dataclass(frozen=True)
class SourceFiles:
    """Where the private server keeps tables: table → the files of its tablespaces."""

    files: Mapping[str, tuple[Path, ...]]
    refused: Mapping[str, str]
    """Table → why it cannot go as a file."""


def source_files(source: PrivateServer, database: str, texts: Mapping[str, str]) -> SourceFiles:
    """`texts`: table → `SHOW CREATE TABLE`."""
    with source.connect() as connection:
        spaces = {
            str(name): (int(number), str(path))
            for number, name, path in rows(
                connection,
                "SELECT file_id, tablespace_name, file_name FROM information_schema.files"
                " WHERE file_type = 'TABLESPACE'",
            )
            if str(name).startswith(f"{database}/")
        }
        changed = _instantly_changed(connection, source.installation.version_tuple)
    files: dict[str, tuple[Path, ...]] = {}
    refused: dict[str, str] = {}
    for table, text in texts.items():
        own = [spaces[name] for name in _names(database, table, text, spaces)]
        reason = _reason(text, [path for _, path in own])
        if not reason and any(number in changed for number, _ in own):
            reason = "columns were added to it instantly"
        if reason:
            refused[table] = reason
        else:
            files[table] = tuple(source.datadir / path for _, path in own)
    return SourceFiles(files, refused)


def _names(database: str, table: str, text: str, spaces: Mapping[str, object]) -> list[str]:
    """Of the tablespaces of a table: one, or one for each partition."""
    name = f"{database}/{table}"
    if not _PARTITIONED.search(text):
        return [name] if name in spaces else []
    return [space for space in spaces if space.casefold().startswith(f"{name}#p#".casefold())]


def _reason(text: str, paths: Sequence[str]) -> str:
    _, _, options = text.rpartition("\n) ")
    if not options.startswith("ENGINE=InnoDB"):
        return "its engine is not InnoDB"
    for sign, reason in _REFUSED.items():
        if sign in (text if sign.startswith("\n") else options):
            return reason
    # A path below the data folder begins with ./
    return "" if paths and all(path.startswith("./") for path in paths) else "it has no file of its own"


def _instantly_changed(connection: Connection, version: tuple[int, int, int]) -> set[int]:
    """Numbers of the tablespaces whose rows are of several layouts, where that is not known to go well."""
    columns = {
        str(name) for name, *_ in rows(connection, "SHOW COLUMNS FROM information_schema.innodb_tables")
    }
    signs = [f"{name} > 0" for name in ("INSTANT_COLS", "TOTAL_ROW_VERSIONS") if name in columns]
    if version[:2] >= _ROW_VERSIONS_SINCE:
        signs = [sign for sign in signs if sign.startswith("INSTANT_COLS")]
    if not signs:
        return set()
    found = rows(connection, f"SELECT space FROM information_schema.innodb_tables WHERE {' OR '.join(signs)}")
    return {int(number) for (number,) in found}


def require_room_for(files: ServerFiles, tables: Mapping[str, Sequence[Path]]) -> None:
    """Raises DiskFullError when the server's disk cannot take all of them."""
    size = sum(path.stat().st_size for paths in tables.values() for path in paths)
    require_room([(files.datadir, size + _KEPT_FREE)])


def import_table(
    target: Connection,
    source: PrivateServer,
    database: str,
    side: str,
    table: str,
    origins: Sequence[Path],
    files: ServerFiles,
    step: Step,
) -> None:
    """Give the target's empty `side`.`table` the rows of the source's `database`.`table`.

    `origins` are the source's files of it. Raises NotImportableError with the target's table
    dropped, DiskFullError, pymysql errors.
    """
    folder = files.folder_of(side)
    places = [folder / origin.name for origin in origins] if folder else []
    name = f"{quoted(side)}.{quoted(table)}"
    if not places or not all(place.is_file() for place in places):
        execute(target, f"DROP TABLE {name}")
        raise NotImportableError("its new file is not where the server's files are")
    owner = places[0].stat()
    execute(target, f"ALTER TABLE {name} DISCARD TABLESPACE")
    try:
        with source.connect() as copy:
            execute(copy, f"FLUSH TABLES {quoted(database)}.{quoted(table)} FOR EXPORT")
            for origin, place in zip(origins, places, strict=True):
                for path, destination in _pairs(origin, place):
                    _copy(path, destination, owner, files.page_size)
                step.advance(origin.stat().st_size)
        execute(target, f"ALTER TABLE {name} IMPORT TABLESPACE")
    except BaseException as error:
        if target.open:
            execute(target, f"DROP TABLE {name}")
            # The server drops what it has imported, and leaves the rest.
            _remove(places)
        if reason := _why_not(error):
            raise NotImportableError(reason) from error
        raise
    finally:
        _remove([place.with_suffix(METADATA) for place in places])


def _why_not(error: BaseException) -> str:
    """The reason to try the table another way, or "" where that would not help."""
    if isinstance(error, UnknownPageError):
        return str(error)
    if isinstance(error, PermissionError):
        return f"{error.filename} may not be written by this user"
    if isinstance(error, pymysql.err.MySQLError) and error.args and error.args[0] in _NOT_TAKEN:
        return str(error.args[-1])
    return ""


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _pairs(origin: Path, place: Path) -> Iterator[tuple[Path, Path]]:
    yield origin, place
    # Without it the server would guess, and not know of instant columns.
    yield origin.with_suffix(METADATA), place.with_suffix(METADATA)


def _copy(origin: Path, place: Path, owner: os.stat_result, page_size: int) -> None:
    arriving = place.with_name(place.name + COPYING)
    try:
        copy_uncached(origin, arriving)
        if place.suffix == TABLESPACE:
            renumber(arriving, page_size)
        with arriving.open("rb") as file:
            os.fchmod(file.fileno(), owner.st_mode & 0o777)
            if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            # A name must not outlive a power cut without its contents.
            os.fsync(file.fileno())
        arriving.rename(place)
    except OSError as error:
        raise disk_full(error, place) from error
    finally:
        arriving.unlink(missing_ok=True)
