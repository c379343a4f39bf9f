"""The user's own data rules: one JSON file each, a query of aggregates and what to expect of its answer.

The form is Great Expectations' own suite file with `sql` beside it; docs/data-rules.md describes it.
"""

from __future__ import annotations

import json
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql

from resources.errors import SettingsError
from resources.mysql.connection import is_lost
from resources.redact import inert, redact
from resources.validation.rules.expectations import expectation
from resources.validation.rules.rule import Frame, Suite
from resources.validation.rules.scan import (
    QUERY_SECONDS,
    TOTAL_SECONDS,
    NotAnAggregateError,
    Scan,
    TooSlowError,
)

LARGEST_FILE = 1_000_000
"""Bytes."""
_KEYS = {"name", "description", "sql", "max_seconds", "expectations", "meta"}
_COMMENT = re.compile(r"/\*(?!\!|\+).*?\*/|--[ \t].*?$|#.*?$", re.DOTALL | re.MULTILINE)
_STRING = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|`[^`]*`", re.DOTALL)
_LOCKS_OR_WRITES = re.compile(r"\bINTO\b|\bFOR\s+(?:UPDATE|SHARE)\b|\bLOCK\s+IN\b|/\*!", re.IGNORECASE)


@dataclass(frozen=True)
class OwnSuite:
    suite: Suite
    path: Path
    sql: str
    max_seconds: float


def load_own_suites(folder: Path | None, *, check_expectations: bool = True) -> list[OwnSuite]:
    """Every `*.json` of `folder`, in name order.

    Raises SettingsError naming file and key. check_expectations: look up types and
    arguments too, which imports Great Expectations.
    """
    if folder is None:
        return []
    if not folder.is_dir():
        raise SettingsError(
            "the folder of data rules is not there",
            where=str(folder),
            hint="create it, or unset its setting",
        )
    found = [_load(path) for path in sorted(folder.glob("*.json"))]
    names: dict[str, Path] = {}
    for own in found:
        if own.suite.name in names:
            raise _bad(own.path, "name", f"{names[own.suite.name].name} has the same name")
        names[own.suite.name] = own.path
        if check_expectations:
            for number, spec in enumerate(own.suite.expectations):
                expectation(spec, f"{own.path}: expectations[{number}]")
    return found


def collect(own: OwnSuite, scan: Scan) -> Frame:
    """The answer of the suite's query. Raises SettingsError where the server refuses the query."""
    try:
        rows = scan.rows(own.sql, seconds=own.max_seconds)
    except TooSlowError as error:
        return Frame((), unknown=[f"{own.suite.name}: {error}"])
    except NotAnAggregateError as error:
        raise _bad(own.path, "sql", f"it must return aggregates, and returned {error}") from error
    except pymysql.err.MySQLError as error:
        if is_lost(error):
            raise
        raise _bad(own.path, "sql", redact(inert(f"{error.args[0]}: {error.args[-1]}"))) from error
    return Frame(tuple(scan.columns), rows)


def _load(path: Path) -> OwnSuite:
    data = _read(path)
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise _bad(path, unknown[0], f"unknown key; allowed: {', '.join(sorted(_KEYS))}")
    name = _text(path, data, "name", path.stem)
    sql = _text(path, data, "sql").strip().rstrip(";").rstrip()
    seconds = data.get("max_seconds", QUERY_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= TOTAL_SECONDS:
        raise _bad(path, "max_seconds", f"it must be a number of seconds, at most {TOTAL_SECONDS:g}")
    specs = data.get("expectations")
    if not isinstance(specs, list) or not specs:
        raise _bad(path, "expectations", "it must be a list with at least one expectation")
    for number, spec in enumerate(specs):
        if not isinstance(spec, dict):
            raise _bad(path, f"expectations[{number}]", "it must be an object with type and kwargs")
    _check_sql(path, sql)
    title = _text(path, data, "description", name)
    return OwnSuite(Suite(name, title, specs), path, sql, float(seconds))


def _read(path: Path) -> dict[str, Any]:
    try:
        # A FIFO in a checkout would block the read for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _bad(path, "", "it is not a regular file")
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        if len(raw) > LARGEST_FILE:
            raise _bad(path, "", f"it is larger than {LARGEST_FILE:,} bytes")
        data = json.loads(raw.decode("utf-8"))
    except OSError as error:
        raise _bad(path, "", str(error.strerror)) from error
    except RecursionError as error:
        raise _bad(path, "", "it is nested too deeply") from error
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError both say where
        raise _bad(path, "", f"it is not JSON in UTF-8: {error}") from error
    if not isinstance(data, dict):
        raise _bad(path, "", "it must hold one JSON object")
    return data


def _text(path: Path, data: dict[str, Any], key: str, default: str | None = None) -> str:
    text = data.get(key, default)
    if not isinstance(text, str) or not text.strip():
        raise _bad(path, key, "it is missing or not a text")
    return text


def _check_sql(path: Path, sql: str) -> None:
    """Refuse what cannot be one harmless SELECT. The transaction is read-only besides."""
    bare = _COMMENT.sub(" ", _STRING.sub("''", sql)).strip()
    if not re.match(r"\(*\s*(?:SELECT|WITH)\b", bare, re.IGNORECASE):
        raise _bad(path, "sql", "it must begin with SELECT or WITH")
    if ";" in bare:
        raise _bad(path, "sql", "it must be a single statement")
    if _LOCKS_OR_WRITES.search(bare):
        raise _bad(path, "sql", "INTO, FOR UPDATE, FOR SHARE, LOCK IN and /*! are not allowed")


def _bad(path: Path, key: str, why: str) -> SettingsError:
    where = inert(f"{path}: {key}" if key else str(path))
    return SettingsError("a data rule cannot be used", where=where, why=why, hint="see docs/data-rules.md")
