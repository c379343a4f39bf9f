"""What an account may do, read from SHOW GRANTS as the server itself would decide it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from resources.mysql.connection import Connection, rows, value

DATABASE_PRIVILEGES = (
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "EVENT",
    "TRIGGER",
)
"""What ALL stands for on a database."""

_NAME = r"`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\""
_LINE = re.compile(rf"(GRANT|REVOKE) (.+?) ON (\*\.\*|(?:{_NAME})\.\*) (?:TO|FROM) ")
_ROLE_LINE = re.compile(rf"GRANT ((?:{_NAME})@(?:{_NAME}).*) TO ")


@dataclass
class Grants:
    """Privileges of one session, those of its active roles included.

    `databases` maps the name or pattern as it was granted to its privileges.
    `literal`: with partial_revokes the server takes `_` and `%` for what they are.
    """

    everywhere: set[str] = field(default_factory=set)
    databases: dict[str, set[str]] = field(default_factory=dict)
    revoked: dict[str, set[str]] = field(default_factory=dict)
    literal: bool = False

    def row_for(self, database: str) -> str | None:
        """The one granted name that counts for `database`.

        The server takes the most specific match and looks at no other; the privileges of
        two matching names are not added up.
        """
        matching = [name for name in self.databases if self._matches(name, database)]
        return max(matching, key=self._specificity, default=None)

    def on(self, database: str) -> set[str]:
        """Everything allowed on `database`."""
        row = self.row_for(database)
        return (self.everywhere - self.revoked.get(database, set())) | self.databases.get(row or "", set())

    def _matches(self, name: str, database: str) -> bool:
        if self.literal:
            return name == database
        pattern = ""
        for token in re.findall(r"\\.|.", name, re.DOTALL):
            wildcard = {"%": ".*", "_": "."}.get(token)
            pattern += wildcard or re.escape(token[-1])
        return re.fullmatch(pattern, database, re.DOTALL) is not None

    def _specificity(self, name: str) -> tuple[float, int]:
        """Later first wildcard, more specific; none at all, most specific."""
        wildcard = None if self.literal else re.search(r"(?<!\\)[%_]", name)
        return (wildcard.start() if wildcard else float("inf"), len(name))


def read_grants(connection: Connection) -> Grants:
    """The session's own grants. Plain SHOW GRANTS has the active roles' privileges merged in."""
    literal = (
        bool(value(connection, "SELECT @@GLOBAL.partial_revokes")) if _has_revokes(connection) else False
    )
    return parse_grants((str(line) for (line,) in rows(connection, "SHOW GRANTS")), literal=literal)


def parse_grants(lines: Iterable[str], *, literal: bool = False) -> Grants:
    """From the lines of SHOW GRANTS. Grants on single tables, columns and routines are left out."""
    grants = Grants(literal=literal)
    for line in lines:
        found = _LINE.match(line)
        if not found:
            continue
        verb, listed, where = found.groups()
        privileges = {word.strip().upper() for word in listed.split(",")} - {"USAGE"}
        if where == "*.*":
            if privileges & {"ALL", "ALL PRIVILEGES"}:
                privileges |= {*DATABASE_PRIVILEGES, *_STATIC_EVERYWHERE}
            grants.everywhere |= privileges
            continue
        if privileges & {"ALL", "ALL PRIVILEGES"}:
            privileges |= set(DATABASE_PRIVILEGES)
        store = grants.databases if verb == "GRANT" else grants.revoked
        store.setdefault(_unquoted(where[:-2]), set()).update(privileges)
    return grants


def granted_roles(connection: Connection) -> list[str]:
    """The roles given to the account, active or not, as the server writes them."""
    return [found[1] for (line,) in rows(connection, "SHOW GRANTS") if (found := _ROLE_LINE.match(str(line)))]


_STATIC_EVERYWHERE = frozenset(
    {"RELOAD", "PROCESS", "FILE", "SUPER", "REPLICATION SLAVE", "REPLICATION CLIENT", "CREATE USER"}
)


def _has_revokes(connection: Connection) -> bool:
    """partial_revokes came with 8.0.16; asking for an unknown variable would be an error."""
    return bool(rows(connection, "SHOW GLOBAL VARIABLES LIKE 'partial_revokes'"))


def _unquoted(name: str) -> str:
    quote = name[0]
    return name[1:-1].replace(quote * 2, quote)
