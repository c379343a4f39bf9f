"""A step's summary: what the command came to, as Markdown for a page that others can write to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbsync_assets.github.markdown import code, table

_SHOWN = 20


def summary(
    verb: str, exit_code: int, result: Any, error: Mapping[str, Any] | None, *, target: str, work: str
) -> list[str]:
    """Lines of Markdown. `result`, `error`: as `--json` prints them; times in seconds."""
    known: Mapping[str, Any] = result if isinstance(result, dict) else {}
    mark = "✅" if exit_code == 0 else "❌"
    ended = known.get("outcome") or (error or {}).get("code") or ("ok" if exit_code == 0 else "failed")
    lines = [f"### {mark} dbsync {code(verb)}: {code(ended)}, exit code {exit_code}", ""]
    lines += table(_facts(known, target, work))
    if error:
        parts = [(part, error[part]) for part in ("what", "where", "why", "hint") if error.get(part)]
        lines += table([("next" if part == "hint" else part, _lines(text)) for part, text in parts],
                       head=("error", code(error.get("code"))))  # fmt: skip
    timings = known.get("timings") or {}
    if timings:
        rows = [(code(name), f"{float(seconds):.1f}") for name, seconds in timings.items()]
        lines += table(rows, head=("phase", "seconds"))
    return lines


def _facts(known: Mapping[str, Any], target: str, work: str) -> list[tuple[str, str]]:
    backup = known.get("backup") or (known if "file_path" in known else {})
    commit = known.get("commit") or {}
    migration, validation = known.get("migration") or {}, known.get("validation") or known
    rollback, health = known.get("rollback") or {}, known.get("health") or known
    proof = backup.get("proof") or {}
    facts = {
        "target": known.get("target") or target,
        "deployment": known.get("deployment"),
        "work": work,
        "commit": commit and f"{commit['id'][:12]} {commit['subject']}",
        "backup": backup.get("id"),
        "engine": backup.get("engine"),
        "proof": proof.get("result"),
        "applied": _names(migration.get("applied_migrations", known.get("applied"))),
        "pending": _names(known.get("pending")),
        "schema and data rules": _verdict(validation.get("is_valid"), "hold", "do NOT hold"),
        "health": _verdict(health.get("healthy"), "good", "NOT good"),
        "rolled back": rollback and f"{', '.join(rollback.get('tables') or []) or 'no table'}",
    }
    return [(name, code(value)) for name, value in facts.items() if value not in (None, "", {}, [])]


def _verdict(holds: Any, good: str, bad: str) -> str | None:
    return None if holds is None else good if holds else bad


def _names(found: Any) -> str | None:
    if not isinstance(found, list):
        return None
    shown = ", ".join(map(str, found[-_SHOWN:])) or "none"
    return f"{shown} ({len(found)} in all)" if len(found) > _SHOWN else shown


def _lines(text: object) -> str:
    return "<br>".join(code(line.strip()) for line in str(text).split("\n")[:_SHOWN])
