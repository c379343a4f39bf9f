"""Which tables can go from the private copy into a server as files, and why the others cannot.

Measured on MySQL 9.7: virtual and functional indexes, partitions and spatial indexes come through it,
so do instant columns that were added, FULLTEXT indexes do not. What it has written about columns that
were dropped instantly, MySQL 9.7.4 cannot read itself, which only shows when it tries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from resources.mysql.connection import Connection, rows
from resources.mysql.server import PrivateServer

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


class NotImportableError(Exception):
    """This table cannot go as a file; the text says why."""


@dataclass(frozen=True)
class SourceFiles:
    """Where the private server keeps tables: table → the files of its tablespaces."""

    files: Mapping[str, tuple[Path, ...]]
    refused: Mapping[str, str]
    """Table → why it cannot go as a file."""
    doubtful: frozenset[str]
    """Of `files`: their rows are of several layouts, and the server may refuse them."""


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
        changed = _instantly_changed(connection)
    goes_well = source.installation.version_tuple[:2] >= _ROW_VERSIONS_SINCE
    files: dict[str, tuple[Path, ...]] = {}
    refused: dict[str, str] = {}
    doubtful: set[str] = set()
    for table, text in texts.items():
        own = [spaces[name] for name in _names(database, table, text, spaces)]
        reason = _reason(text, [path for _, path in own])
        signs = set().union(*(changed.get(number, ()) for number, _ in own))
        if not reason and ("INSTANT_COLS" in signs or (signs and not goes_well)):
            reason = "columns were added to it instantly"
        if reason:
            refused[table] = reason
        else:
            files[table] = tuple(source.datadir / path for _, path in own)
            if signs:
                doubtful.add(table)
    return SourceFiles(files, refused, frozenset(doubtful))


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


def _instantly_changed(connection: Connection) -> dict[int, set[str]]:
    """Number of a tablespace whose rows are of several layouts → the counters that say so."""
    columns = {
        str(name) for name, *_ in rows(connection, "SHOW COLUMNS FROM information_schema.innodb_tables")
    }
    found: dict[int, set[str]] = {}
    for sign in sorted({"INSTANT_COLS", "TOTAL_ROW_VERSIONS"} & columns):
        sql = f"SELECT space FROM information_schema.innodb_tables WHERE {sign} > 0"
        for (number,) in rows(connection, sql):
            found.setdefault(int(number), set()).add(sign)
    return found
