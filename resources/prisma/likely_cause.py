"""What most often lies behind MySQL's message for a script that it refuses, seen in public migrations."""

from __future__ import annotations

import re
from collections.abc import Collection

_NO_TABLE = re.compile(r"[Tt]able '(?:[^'.]+\.)?([^']+)'")
_NOT_MYSQL = re.compile(
    rb'\b(?:BIG)?SERIAL\b|\bCREATE\s+TYPE\b|\bPRAGMA\b|\b(?:TABLE|ON|INTO)\s+"', re.IGNORECASE
)


def likely_cause(content: bytes, code: int | None, message: str, tables: Collection[str] = ()) -> str:
    """A sentence with what to do, or "". `tables`: those that exist where the script was run."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "the file is UTF-16, as PowerShell's > writes it: save it as UTF-8"
    if content.startswith(b"\xef\xbb\xbf"):
        return "the file begins with a byte-order mark, which MySQL refuses: save it without"
    if code == 1065:
        return "the script has no statement: write the change, or delete its folder"
    if code == 1064 and re.search(rb"(?im)^\s*DELIMITER\b", content):
        return "DELIMITER is a word of the mysql client: remove it, the server needs none"
    if code == 1064 and _NOT_MYSQL.search(content):
        return "this looks like SQL for PostgreSQL or SQLite"
    if code in (1146, 1824) and (named := _NO_TABLE.search(message)):
        for table in tables:
            if table != named[1] and table.lower() == named[1].lower():
                return (
                    f"`{named[1]}` does not exist, `{table}` does: this server tells names of tables apart"
                    " by case (written on Windows or macOS?)"
                )
    return ""
