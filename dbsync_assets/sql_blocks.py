"""SQL and schema differences as Dagster shows them: code in a block of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import dagster as dg

from resources.prisma.checksum import script_bytes
from resources.prisma.folder import MigrationFile
from resources.prisma.locate_statement import statements
from resources.redact import inert, redact
from resources.validation.compare import Difference

LONGEST = 20_000
"""Characters of a block: it is kept in Dagster's storage with every run."""
_BESIDE = 4_000
"""Characters read beyond those, so that a secret at the cut is seen whole."""
_MOST = 200
"""Differences."""
_FENCE = re.compile(r"`+")


def scripts(files: Sequence[MigrationFile]) -> dg.MetadataValue:
    """The migrations as they are written."""
    return fenced("sql", "\n".join(f"-- {one.name}\n{_text(one).strip()}\n" for one in _first(files)))


def applied_scripts(
    files: Sequence[MigrationFile], seconds: Mapping[str, Sequence[float]]
) -> dg.MetadataValue:
    """The migrations in `seconds`, statement by statement, each behind the time it took."""
    applied = _first([one for one in files if one.name in seconds])
    return fenced("sql", "\n".join(_timed(one, seconds[one.name]) for one in applied))


def differences(found: Sequence[Difference]) -> dg.MetadataValue:
    """- what the migrations make, + what the database has."""
    return fenced("diff", "\n".join(f"# {one}\n{one.diff}\n" for one in found[:_MOST]))


def fenced(language: str, code: str) -> dg.MetadataValue:
    """`code` without secrets, cut to LONGEST, in a fence that nothing inside it can close."""
    shown = inert(redact(code[: LONGEST + _BESIDE].replace("\r\n", "\n"))).strip()
    if len(shown) > LONGEST:
        shown = shown[:LONGEST].rpartition("\n")[0] or shown[:LONGEST]
        shown += f"\n… cut after {LONGEST:,} characters"
    fence = "`" * max(3, 1 + max((len(run) for run in _FENCE.findall(shown)), default=0))
    return dg.MetadataValue.md(f"{fence}{language}\n{shown}\n{fence}")


def _first(files: Sequence[MigrationFile]) -> list[MigrationFile]:
    """No more of them than can be shown."""
    shown, size = [], 0
    for one in files:
        if size > LONGEST + _BESIDE:
            break
        shown.append(one)
        size += len(one.content)
    return shown


def _text(file: MigrationFile) -> str:
    return script_bytes(file.content)[: 4 * (LONGEST + _BESIDE)].decode("utf-8", "replace")


def _timed(file: MigrationFile, seconds: Sequence[float]) -> str:
    script = _text(file)
    head = f"-- {file.name}: {len(seconds)} statements, {sum(seconds):.3f} s\n"
    found = list(statements(script)) if len(script) <= LONGEST else []
    if len(found) != len(seconds):  # it is too long to be shown whole, or the server splits it otherwise
        return head + script.strip() + "\n"
    return head + "".join(
        f"-- {spent:.3f} s\n{one.text};\n" for one, spent in zip(found, seconds, strict=True)
    )
