"""Other databases that a deployment changed: a rollback leaves them as they are, and names them."""

from __future__ import annotations

import re
from collections.abc import Collection

from resources.mysql.binlog_text import Changes, Session
from resources.rollback.statements import NAME, after_comments, plain_name

_DATABASE = re.compile(
    rf"\s*(?:CREATE|ALTER|DROP)\s+(?:DATABASE|SCHEMA)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?({NAME})", re.I
)
# Accounts are of no database; a temporary table is of no other session.
_OF_NONE = re.compile(
    r"\s*(?:GRANT|REVOKE|SET|FLUSH|(?:CREATE|ALTER|DROP|RENAME)\s+(?:USER|ROLE|SERVER|TEMPORARY))\b", re.I
)
_TABLE = re.compile(r"\s*\w+\s+TABLE\b", re.I)
# What follows is only read: a view's query, a routine's body.
_HEAD = re.compile(
    r".*?\b(?:VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT)\b.*?(?=\(|\b(?:AS|ON|BEFORE|AFTER)\b|$)", re.I | re.S
)
_ONLY_READ = re.compile(
    rf"\b(?:REFERENCES|LIKE)\s+{NAME}(?:\s*\.\s*{NAME})?|'(?:[^'\\]|''|\\.)*'", re.I | re.S
)
_QUALIFIER = re.compile(rf"({NAME})\s*\.\s*{NAME}")


def changed_elsewhere(
    changes: Changes, sessions: Collection[Session], database: str, present: Collection[str]
) -> list[str]:
    """Databases other than `database` that `sessions` wrote rows to or changed by DDL.

    `present`: every database of the server; a qualifier that is none of them is an alias.
    """
    found: dict[str, str] = {}
    names = {name.lower(): name for name in present}

    def add(name: str) -> None:
        if name.lower() != database.lower() and "__dbsync_" not in name:
            found[name.lower()] = names.get(name.lower(), name)

    for session in set(sessions) & set(changes.elsewhere):
        for name in changes.elsewhere[session]:
            add(name)
    for statement in changes.statements:
        if statement.session not in sessions:
            continue
        text = after_comments(statement.text)
        if whole := _DATABASE.match(text):
            add(plain_name(whole[1]))
        elif not _OF_NONE.match(text):
            head = None if _TABLE.match(text) else _HEAD.match(text)
            text = _ONLY_READ.sub(" ", head[0] if head else text)
            qualifiers = [plain_name(name) for name in _QUALIFIER.findall(text)]
            for name in qualifiers:
                if name.lower() in names:
                    add(name)
            if not qualifiers and statement.database:
                add(statement.database)
    return sorted(found.values())
