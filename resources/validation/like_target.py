"""A private, empty database that makes the same tables as the target would.

The same script makes different tables under other settings: implicit defaults of
TIMESTAMP, a table's character set, whether a foreign key on a non-unique key is
allowed, the case of names. Those settings are copied from the target.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass

from resources.mysql.connection import Connection, execute, quoted, rows, value

# Every global variable that changes what DDL makes or whether it is accepted, settable at run time.
_DYNAMIC = (
    "sql_mode",
    "character_set_server",
    "collation_server",
    "default_collation_for_utf8mb4",
    "explicit_defaults_for_timestamp",
    "default_storage_engine",
    "default_table_encryption",
    "restrict_fk_on_non_standard_key",
    "innodb_default_row_format",
    "innodb_strict_mode",
    "sql_require_primary_key",
    "sql_generate_invisible_primary_key",
    "show_gipk_in_create_table_and_information_schema",
    "log_bin_trust_function_creators",
    "foreign_key_checks",
    "time_zone",
    "local_infile",
)
Collation = tuple[str, str]
"""Character set and collation."""
# Prisma creates databases so (`CREATE DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`).
NEW_DATABASE: Collation = ("utf8mb4", "utf8mb4_unicode_ci")
# 8.0 had no such switch and allowed such keys; a newer private server must as well.
_OLDER_DEFAULTS = {"restrict_fk_on_non_standard_key": "OFF"}
_DEFINER = re.compile(r"DEFINER\s*=\s*([`'\"]?)([^`'\"@\s]+)\1\s*@\s*([`'\"]?)([^`'\"\s]+)\3", re.IGNORECASE)


@dataclass(frozen=True)
class Likeness:
    """What has to be equal for a script to make the same schema on two servers."""

    database: str
    charset: str
    collation: str
    variables: dict[str, str]
    lower_case_table_names: int
    page_size: int
    version: str
    """The target's server version; the private server's own one decides what comes out."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything but the database's name."""
        facts = {name: text for name, text in asdict(self).items() if name != "database"}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    @property
    def init_variables(self) -> dict[str, str]:
        """What a server must be initialised with; empty where that is MySQL's own default on Linux."""
        found = {}
        if self.lower_case_table_names:
            # 2 exists on macOS only; for the names that a script may use, 1 accepts the same.
            found["lower_case_table_names"] = "1"
        if self.page_size != 16384:
            found["innodb_page_size"] = str(self.page_size)
        return found


def likeness(connection: Connection, database: str) -> Likeness:
    """The settings of the server behind `connection` and of `database`, which need not exist yet."""
    names = ", ".join(f"'{name}'" for name in (*_DYNAMIC, "lower_case_table_names", "innodb_page_size"))
    found = dict(rows(connection, f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})"))
    defaults = rows(
        connection,
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
        " WHERE schema_name = %s",
        (database,),
    )
    charset, collation = defaults[0] if defaults else NEW_DATABASE
    return Likeness(
        database=database,
        charset=charset,
        collation=collation,
        variables=_OLDER_DEFAULTS | {name: found[name] for name in _DYNAMIC if name in found},
        lower_case_table_names=int(found["lower_case_table_names"]),
        page_size=int(found["innodb_page_size"]),
        version=str(value(connection, "SELECT @@version")),
    )


def make_alike(connection: Connection, like: Likeness) -> None:
    """Set a private server's variables and create the empty database there.

    A variable that the private server's version does not know is left out.
    """
    known = {name for (name, _) in rows(connection, "SHOW GLOBAL VARIABLES")}
    for name, text in like.variables.items():
        if name in known:
            execute(connection, f"SET GLOBAL {name} = %s", (_typed(text),))
    execute(
        connection,
        f"CREATE DATABASE {quoted(like.database)} CHARACTER SET {like.charset} COLLATE {like.collation}",
    )


def create_definers(connection: Connection, script: str) -> None:
    """Accounts that `script` names as DEFINER, so that its own triggers and routines run in the replay."""
    for match in _DEFINER.finditer(script):
        user, host = match[2], match[4]
        if user.upper().startswith("CURRENT_USER"):
            continue
        exists = value(connection, "SELECT 1 FROM mysql.user WHERE user = %s AND host = %s", (user, host))
        if not exists:
            execute(connection, "CREATE USER %s@%s ACCOUNT LOCK", (user, host))
            execute(connection, "GRANT ALL ON *.* TO %s@%s", (user, host))


def _typed(text: str) -> str | int:
    """Boolean variables refuse the words as strings in some versions, never 0 and 1."""
    return {"ON": 1, "OFF": 0}.get(text, text)
