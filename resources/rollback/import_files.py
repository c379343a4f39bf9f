"""Tables' rows as their files: exported from the private copy, brought to the server, imported by it.

Nothing is read row by row; the server only checks every page and writes its own numbers into it. A file
is moved where it can be, so that no second copy of the database needs room and time.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pymysql

from resources import progress
from resources.backup.room import require_room
from resources.durable_file import disk_full
from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.progress import Step
from resources.rollback.importable import NotImportableError, SourceFiles, source_files
from resources.rollback.journey import FILES, Arrived, Journey, Ways
from resources.rollback.lanes import in_lanes
from resources.rollback.server_files import (
    COPYING,
    METADATA,
    TABLESPACE,
    ServerFiles,
    require_importable,
)
from resources.rollback.tablespace_number import UnknownPageError, renumber, require_known_page
from resources.uncached import copy_uncached

# The server does not take the file: another layout, not found, an error of InnoDB's.
_NOT_TAKEN = frozenset({1808, 1810, 1812, 1815, 1816, 1817})
_KEPT_FREE = 64 << 20
"""Bytes: the server has to go on writing beside us."""


class FileImport:
    """Of all tables that can go so. First `copy_doubtful`; `move`, at last, ends the source."""

    def __init__(self, journey: Journey, texts: Mapping[str, str], ways: Ways) -> None:
        """Make the tables, empty. `texts`: table → its text without foreign keys.

        Raises UnreachableError, DiskFullError, pymysql errors.
        """
        self._journey, self._ways = journey, ways
        self._places: dict[str, list[Path]] = {}
        """Table → where its files go."""
        with journey.open_target() as connection, journey.source.connect() as source:
            self._server = require_importable(connection, journey.source)
            self._found = source_files(journey.source, journey.database, texts)
            _require_room_for(self._server, self._found)
            refused, folder = dict(self._found.refused), self._server.folder_of(journey.side)
            for table, origins in self._found.files.items():
                try:
                    _make_alike(journey, table, texts[table], source, connection)
                    self._places[table] = _places_in(folder, table, origins, self._server, connection)
                except NotImportableError as error:
                    refused[table] = str(error)
        for table, reason in refused.items():
            ways.say(f"`{table}` is put back row by row: {reason}")

    @property
    def tables(self) -> set[str]:
        """Those that go so, as far as one can tell."""
        return set(self._places)

    def copy_doubtful(self, done: Arrived, still_time: Callable[[], None]) -> set[str]:
        """Copy those which the server may refuse, while the source has them; returns the refused ones.

        Raises what `done` and `still_time` raise, DiskFullError, pymysql errors.
        """
        refused: set[str] = set()

        def work(table: str, connection: Connection, step: Step) -> None:
            try:
                with self._journey.source.connect() as source:
                    execute(source, f"FLUSH TABLES {self._names([table])} FOR EXPORT")
                    self._import(table, connection, step, copy_uncached)
            except NotImportableError as error:
                self._ways.say(f"`{table}` is put back row by row: {error}")
                refused.add(table)
                return
            done(connection, table, FILES)

        self._in_lanes("copy tables as files", self.tables & self._found.doubtful, work, still_time)
        return refused

    def move(self, done: Arrived, still_time: Callable[[], None]) -> None:
        """All others. Raises as above, and RestoreFailedError where the server refuses one."""
        tables = self.tables - self._found.doubtful
        if not tables:
            return
        self._export(sorted(tables))

        def work(table: str, connection: Connection, step: Step) -> None:
            try:
                self._import(table, connection, step, _move)
            except NotImportableError as error:
                raise RestoreFailedError(
                    f"the server does not take the file of `{table}`; nothing in the database was touched",
                    where=self._journey.side,
                    why=str(error),
                    hint="set RESTORE_WAY=rows and type the command again",
                ) from error
            done(connection, table, FILES)

        self._in_lanes("put tables back as files", tables, work, still_time)

    # --- inside -----------------------------------------------------------------------

    def _export(self, tables: Sequence[str]) -> None:
        """Have everything of them in their files, and end the source.

        It would go on writing to them (purge what is deleted), and it keeps them locked: no other
        server may open them. Killed, it leaves the export as it is.
        """
        source = self._journey.source
        with source.connect() as connection:
            execute(connection, f"FLUSH TABLES {self._names(tables)} FOR EXPORT")
            source.kill()

    def _names(self, tables: Sequence[str]) -> str:
        return ", ".join(f"{quoted(self._journey.database)}.{quoted(table)}" for table in tables)

    def _in_lanes(
        self,
        title: str,
        tables: set[str],
        work: Callable[[str, Connection, Step], None],
        still_time: Callable[[], None],
    ) -> None:
        if not tables:
            return
        sizes = {table: _size(self._found.files[table]) for table in tables}
        order = sorted(sizes, key=lambda table: (-sizes[table], table))
        with progress.step(title, total=sum(sizes.values()), unit="bytes") as step:

            def one(table: str, connection: Connection) -> None:
                still_time()
                step.note(table)
                work(table, connection, step)

            in_lanes(order, self._journey.open_target, one)

    def _import(
        self, table: str, target: Connection, step: Step, bring: Callable[[Path, Path], None]
    ) -> None:
        """Give the target's empty table the exported files. Whatever is raised, it is dropped then.

        Raises NotImportableError where the server does not take them.
        """
        name = f"{quoted(self._journey.side)}.{quoted(table)}"
        places, page_size = self._places[table], self._server.page_size
        owner = places[0].stat()
        execute(target, f"ALTER TABLE {name} DISCARD TABLESPACE")
        try:
            for origin, place in zip(self._found.files[table], places, strict=True):
                size = origin.stat().st_size
                for path, destination in _pairs(origin, place):
                    _bring(path, destination, owner, page_size, bring)
                step.advance(size)
            execute(target, f"ALTER TABLE {name} IMPORT TABLESPACE")
        except BaseException as error:
            if target.open:
                execute(target, f"DROP TABLE {name}")
                # The server drops what it has imported, and leaves the rest.
                _remove(places)
            if isinstance(error, pymysql.err.MySQLError) and error.args and error.args[0] in _NOT_TAKEN:
                raise NotImportableError(str(error.args[-1])) from error
            raise
        finally:
            _remove([place.with_suffix(METADATA) for place in places])


def _require_room_for(server: ServerFiles, found: SourceFiles) -> None:
    """Raises DiskFullError when the server's disk cannot take what has to be copied there."""
    here = server.datadir.stat().st_dev
    copied = [
        path
        for table, paths in found.files.items()
        for path in paths
        if table in found.doubtful or path.stat().st_dev != here
    ]
    require_room([(server.datadir, _size(copied) + _KEPT_FREE)])


def _size(paths: Sequence[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _make_alike(journey: Journey, table: str, text: str, source: Connection, connection: Connection) -> None:
    """Make the empty table. Raises NotImportableError, and it is not there, where its file would not
    look like the source's."""
    execute(connection, f"USE {quoted(journey.side)}")
    execute(connection, text)
    sql = (
        "SELECT row_format, create_options LIKE '%%ENCRYPTION=_Y_%%' FROM information_schema.tables"
        " WHERE table_schema = %s AND table_name = %s"
    )
    origin = rows(source, sql, (journey.database, table))[0]
    copy = rows(connection, sql, (journey.side, table))[0]
    if origin == copy:
        return
    execute(connection, f"DROP TABLE {quoted(table)}")
    if origin[0] != copy[0]:
        raise NotImportableError(f"its row format is {origin[0]}, and the server makes it {copy[0]}")
    raise NotImportableError("the server encrypts it")


def _places_in(
    folder: Path | None, table: str, origins: Sequence[Path], server: ServerFiles, connection: Connection
) -> list[Path]:
    """Where the files of the empty table that was just made are. Raises NotImportableError, and it is not
    there any more, where one can see that they cannot be replaced."""
    places = [folder / origin.name for origin in origins] if folder else []
    reason = ""
    if not places or not all(place.is_file() for place in places):
        reason = "its new file is not where the server's files are"
    elif not os.access(places[0].parent, os.W_OK | os.X_OK):
        reason = f"{places[0].parent} may not be written to by this user"
    try:
        for origin in origins:
            require_known_page(origin, server.page_size)
    except UnknownPageError as error:
        reason = str(error)
    if reason:
        execute(connection, f"DROP TABLE {quoted(table)}")
        raise NotImportableError(reason)
    return places


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _pairs(origin: Path, place: Path) -> Iterator[tuple[Path, Path]]:
    yield origin, place
    # Without it the server would guess, and not know of instant columns.
    yield origin.with_suffix(METADATA), place.with_suffix(METADATA)


def _bring(
    origin: Path,
    place: Path,
    owner: os.stat_result,
    page_size: int,
    bring: Callable[[Path, Path], None],
) -> None:
    arriving = place.with_name(place.name + COPYING)
    try:
        bring(origin, arriving)
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


def _move(origin: Path, place: Path) -> None:
    try:
        origin.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_uncached(origin, place)
