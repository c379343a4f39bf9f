"""Findings as SARIF 2.1.0, the form that code scanning takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dbsync_assets.github.places import Place
from resources.durable_file import write_durably
from resources.errors import all_errors
from resources.redact import inert, redact
from resources.settings import VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MEANINGS = {
    "edited": "an applied migration was edited",
    "missing": "the script of a migration is gone",
    "failed": "a migration failed and is not resolved",
    "out_of_order": "a migration sorts before one that is applied",
    "order_ambiguous": "Prisma's versions disagree on the order of two migrations",
    "does_not_replay": "the migrations do not run on an empty database",
    "validation": "validation warns",
}


def document(found: Sequence[Place]) -> dict[str, Any]:
    rules = sorted({one.rule for one in found})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "dbsync",
                        "version": VERSION,
                        "rules": [
                            {"id": rule, "shortDescription": {"text": _meaning(rule)}} for rule in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, rules.index(one.rule)) for one in found],
            }
        ],
    }


def write(path: Path, found: Sequence[Place]) -> None:
    """Raises DiskFullError, and OSError where the folder cannot be written into."""
    write_durably(path, json.dumps(document(found), indent=2, ensure_ascii=False).encode(), mode=0o644)


def _result(one: Place, rule: int) -> dict[str, Any]:
    text = "\n".join(inert(line) for line in redact(one.message).split("\n"))
    # In a message [a](b) is a link to a place or an address.
    text = text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": rule,
        "level": one.level,
        "message": {"text": text},
    }
    if one.file:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(one.file), "uriBaseId": "%SRCROOT%"}}
        place["region"] = {"startLine": one.line or 1}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _meaning(rule: str) -> str:
    known = {error.code: error.meaning for error in all_errors()}
    return _MEANINGS.get(rule) or known.get(rule) or rule
