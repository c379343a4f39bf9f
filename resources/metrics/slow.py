"""Figures that change slowly and cost more to read: looked at every ten minutes, carried along between."""

from __future__ import annotations

import shutil
from pathlib import Path

from resources.metrics.reading import read
from resources.metrics.sample import Sample
from resources.mysql.connection import Connection, execute, rows, value
from resources.mysql.installation import parse_version
from resources.redact import inert
from resources.rollback.server_files import UnreachableError, server_files
from resources.target import Target
from resources.validation.rules.auto_increment import largest_value

EVERY = 600.0
"""Seconds."""
_FIGURES = ("auto_increment_share", "row_versions", "row_versions_most", "binlog_bytes")
_TEXTS = ("auto_increment_of", "row_versions_of", "datadir")
_MOST_ROW_VERSIONS, _MOST_BEFORE_9_1 = 255, 64


def look_at_slow_ones(
    connection: Connection, target: Target, sample: Sample, previous: Sample | None
) -> None:
    """Read anew where `previous` has none that are young enough. Raises MySQLError when the line is lost."""
    known = previous.raw.get("slow_at") if previous else None
    # A clock that jumped back must not keep them for ever.
    if previous and known is not None and 0 <= sample.at - known < EVERY:
        sample.raw["slow_at"] = known
        sample.figures.update({name: previous.figures.get(name) for name in _FIGURES})
        sample.reasons.update({name: why for name, why in previous.reasons.items() if name in _FIGURES})
        sample.texts.update({name: text for name, text in previous.texts.items() if name in _TEXTS})
    else:
        sample.raw["slow_at"] = sample.at
        _read_all(connection, target, sample)
    _disk(sample)


def _read_all(connection: Connection, target: Target, sample: Sample) -> None:
    # Else the counters are as old as a day.
    execute(connection, "SET SESSION information_schema_stats_expiry = 0")
    read(sample, ["auto_increment_share"], lambda: _counters(connection, target, sample))
    read(
        sample,
        ["row_versions", "row_versions_most"],
        lambda: _row_versions(connection, target, sample),
        "GRANT PROCESS",
    )
    read(sample, ["binlog_bytes"], lambda: _binlogs(connection, sample), "GRANT REPLICATION CLIENT")
    try:
        sample.texts["datadir"] = str(server_files(connection).datadir)
    except UnreachableError as error:
        sample.texts["datadir"] = f"!{error}"


def _disk(sample: Sample) -> None:
    names = ("datadir_free_bytes", "datadir_total_bytes")
    place = sample.texts.get("datadir", "!not looked for yet")
    if place.startswith("!"):
        sample.unknown(names, place[1:])
        return
    try:
        disk = shutil.disk_usage(Path(place))
    except OSError as error:
        sample.unknown(names, error.strerror or str(error))
        return
    sample.figures.update({"datadir_free_bytes": disk.free, "datadir_total_bytes": disk.total})


def _counters(connection: Connection, target: Target, sample: Sample) -> None:
    found = rows(
        connection,
        "SELECT c.table_name, c.column_name, c.column_type, c.data_type, t.auto_increment"
        " FROM information_schema.columns c JOIN information_schema.tables t"
        " ON t.table_schema = c.table_schema AND t.table_name = c.table_name"
        " WHERE c.table_schema = %s AND c.extra LIKE '%%auto_increment%%' AND t.table_type = 'BASE TABLE'",
        (target.database,),
    )
    shares = [
        (max(0, int(following or 1) - 1) / largest_value(kind, "unsigned" in shown), f"{table}.{column}")
        for table, column, shown, kind, following in found
    ]
    share, name = max(shares, default=(0.0, ""))
    sample.figures["auto_increment_share"] = share
    sample.texts["auto_increment_of"] = inert(name)


def _row_versions(connection: Connection, target: Target, sample: Sample) -> None:
    version = parse_version(str(value(connection, "SELECT VERSION()")))
    # The server writes other characters than these as @XXXX there; then all databases are looked at.
    plain = target.database.replace("_", "").isalnum() and target.database.isascii()
    found = rows(
        connection,
        "SELECT name, total_row_versions FROM information_schema.innodb_tables"
        " WHERE (%s = '' OR SUBSTRING_INDEX(name, '/', 1) = %s) ORDER BY total_row_versions DESC LIMIT 1",
        (target.database if plain else "",) * 2,
    )
    name, versions = found[0] if found else ("", 0)
    sample.figures["row_versions"] = int(versions)
    sample.figures["row_versions_most"] = _MOST_ROW_VERSIONS if version >= (9, 1) else _MOST_BEFORE_9_1
    sample.texts["row_versions_of"] = inert(str(name).rsplit("/", 1)[-1])


def _binlogs(connection: Connection, sample: Sample) -> None:
    if not int(value(connection, "SELECT @@log_bin")):
        sample.unknown(["binlog_bytes"], "the server writes no binary log")
        return
    sample.figures["binlog_bytes"] = sum(int(row[1]) for row in rows(connection, "SHOW BINARY LOGS"))
