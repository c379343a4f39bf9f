"""What has to be known about the server that is backed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pymysql

from resources.errors import NoSuchDatabaseError
from resources.mysql.connection import Connection, is_denied, rows, value

# Settings under which a copy reads its files, runs its code and shows its definitions as the
# original does. Each one can be given to mysqld at its start.
_SETTINGS = (
    "sql_mode",
    "character_set_server",
    "collation_server",
    "explicit_defaults_for_timestamp",
    "time_zone",
    "log_bin_trust_function_creators",
    "default_storage_engine",
    "innodb_default_row_format",
    "innodb_strict_mode",
    "restrict_fk_on_non_standard_key",
    "lower_case_table_names",
    "innodb_page_size",
    "innodb_data_file_path",
    "innodb_ft_min_token_size",
    "innodb_ft_max_token_size",
)
_FIXED_DEFAULTS = {
    "lower_case_table_names": "0",
    "innodb_page_size": "16384",
    "innodb_data_file_path": "ibdata1:12M:autoextend",
}


@dataclass(frozen=True)
class Source:
    """The target's server and database. Sizes in bytes."""

    version: str
    server_uuid: str
    settings: Mapping[str, str]
    charset: str
    """Default character set and collation of the database."""
    collation: str
    database_bytes: int
    instance_bytes: int
    """Everything a clone copies; an estimate."""


def read_source(connection: Connection, database: str) -> Source:
    """Raises NoSuchDatabaseError."""
    names = ", ".join(f"'{name}'" for name in _SETTINGS)
    settings = dict(rows(connection, f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})"))
    defaults = rows(
        connection,
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
        " WHERE schema_name = %s",
        (database,),
    )
    if not defaults:
        raise NoSuchDatabaseError(
            f"database `{database}` does not exist, so there is nothing to back up",
            hint="`dbsync deploy` creates it when migrations are pending",
        )
    sizes = "SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables"
    of_database = int(value(connection, f"{sizes} WHERE table_schema = %s", (database,)))
    try:
        files = "SELECT SUM(file_size) FROM information_schema.innodb_tablespaces"
        of_instance = int(value(connection, files) or 0)
    except pymysql.err.MySQLError as error:
        if not is_denied(error):  # it takes PROCESS
            raise
        of_instance = int(value(connection, sizes))
    return Source(
        version=str(value(connection, "SELECT VERSION()")),
        server_uuid=str(value(connection, "SELECT @@server_uuid")),
        settings=settings,
        charset=defaults[0][0],
        collation=defaults[0][1],
        database_bytes=of_database,
        instance_bytes=max(of_instance, of_database),
    )


def start_variables(settings: Mapping[str, str], *, has_time_zones: bool) -> dict[str, str]:
    """The settings as a private server is given them.

    `has_time_zones`: the server holds the original's time zone tables; without them a named
    zone would stop the start.
    """
    given = {name: text for name, text in settings.items() if name not in _FIXED_DEFAULTS}
    zone = given.pop("time_zone", "SYSTEM")
    if zone != "SYSTEM" and (has_time_zones or zone[0] in "+-"):
        given["default_time_zone"] = zone
    return given | init_variables(settings)


def init_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Those that are fixed when a data folder is made, where they are not MySQL's own default."""
    return {
        name: settings[name]
        for name, default in _FIXED_DEFAULTS.items()
        if settings.get(name, default) != default
    }
