"""Which tables a logged DDL statement may have changed, from its text alone."""

from __future__ import annotations

import re
from collections.abc import Collection

from resources.mysql.binlog_text import LONGEST_TEXT, Statement
from resources.mysql.connection import quoted

_COMMENT = re.compile(r"\s*(?:/\*(?!!).*?\*/|--[ \t].*?\n|#.*?\n)", re.DOTALL)
# Their effect is seen by comparing their texts; the tables they name are only read.
_NO_TABLE = re.compile(
    r"\s*(?:(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?(?:DEFINER\s*=\s*\S+\s+)?"
    r"(?:SQL\s+SECURITY\s+\w+\s+)?(?:AGGREGATE\s+)?"
    r"(?:VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT|USER|ROLE|DATABASE|SCHEMA|SERVER|TABLESPACE|INSTANCE)\b"
    r"|GRANT\b|REVOKE\b|SET\b|ANALYZE\b|CHECK\b|OPTIMIZE\b|REPAIR\b|FLUSH\b)",
    re.IGNORECASE,
)
NAME = r"(?:`(?:[^`]|``)*`|[\w$]+)"
"""An identifier as MySQL reads it, quoted or not; see `plain_name`."""
_DEFINES = re.compile(
    r"\s*(?:CREATE|ALTER)\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?(?:DEFINER\s*=\s*\S+\s+)?"
    r"(?:SQL\s+SECURITY\s+\w+\s+)?(?:AGGREGATE\s+)?(VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT)\s+"
    rf"(?:IF\s+NOT\s+EXISTS\s+)?(?:({NAME})\s*\.\s*)?({NAME})",
    re.IGNORECASE,
)
_DROP_DATABASE = re.compile(r"\s*DROP\s+(?:DATABASE|SCHEMA)\b", re.IGNORECASE)
# The parent of a new foreign key is named, and not changed.
_REFERENCES = re.compile(r"\bREFERENCES\s+(?:(?:`(?:[^`]|``)*`|\w+)\s*\.\s*)?(?:`(?:[^`]|``)*`|[\w$]+)", re.I)


def tables_named(statement: Statement, database: str, tables: Collection[str]) -> set[str]:
    """Those of `tables` that the statement may have changed: rather one too many than one too few."""
    text = after_comments(statement.text)
    if len(statement.text) >= LONGEST_TEXT:
        return set(tables)
    if _DROP_DATABASE.match(text):
        return set(tables) if _names(database, text) else set()
    if _NO_TABLE.match(text):
        return set()
    if statement.database.lower() != database.lower() and not _names(database, text):
        return set()
    text = _REFERENCES.sub(" ", text)
    return {table for table in tables if _names(table, text)}


def object_defined(statement: Statement, database: str) -> tuple[str, str] | None:
    """(kind, name), both in lower case, of the view, routine, trigger or event of `database` that the
    statement creates or alters."""
    found = _DEFINES.match(after_comments(statement.text))
    if not found:
        return None
    kind, schema, name = found.groups()
    if (plain_name(schema) if schema else statement.database).lower() != database.lower():
        return None
    return kind.lower(), plain_name(name).lower()


def plain_name(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def after_comments(text: str) -> str:
    while leading := _COMMENT.match(text):
        text = text[leading.end() :]
    return text


def _names(name: str, text: str) -> bool:
    if quoted(name).lower() in text.lower():
        return True
    return bool(re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text, re.IGNORECASE))
