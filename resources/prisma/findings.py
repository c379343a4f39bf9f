"""What is wrong between the migrations folder and the recorded history.

Prisma's `deploy` stops at failed migrations only and passes over the others in
silence; each of them has made a production database differ from its migrations.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from resources.prisma import checksum
from resources.prisma.folder import MigrationFile
from resources.prisma.history import MigrationRow
from resources.prisma.ordering import ambiguous_pairs, is_certain, prisma_key
from resources.redact import inert

Kind = Literal["edited", "missing", "failed", "out_of_order", "order_ambiguous", "does_not_replay"]


@dataclass(frozen=True)
class Finding:
    kind: Kind
    migration: str
    what: str
    hint: str
    """The next command to type."""
    blocking: bool = True
    """False: said, but no reason to refuse a deployment."""
    accepted: bool = False
    """A person named this migration in `--accept`; for does_not_replay: said `--accept-drift`."""

    def __str__(self) -> str:
        return self.what

    def as_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "migration": self.migration,
            "what": self.what,
            "hint": self.hint,
            "blocking": self.blocking,
            "accepted": self.accepted,
        }


def history_findings(
    files: Sequence[MigrationFile],
    rows: Sequence[MigrationRow],
    accepted: Collection[str] = (),
) -> list[Finding]:
    """Every finding, failed ones first. A migration that was rolled back counts as not applied.

    `accepted` names migrations whose findings are tolerated; a failed one cannot be,
    because Prisma itself goes no further until it is resolved.
    """
    by_name = {file.name: file for file in files}
    current: dict[str, MigrationRow] = {}
    for row in rows:
        if row.rolled_back_at is None:
            current.setdefault(row.migration_name, row)
    failed = {row.migration_name: row for row in rows if row.is_failed}
    found = [_failed(row) for row in failed.values()]
    for name, row in current.items():
        file = by_name.get(name)
        if name in failed:
            continue
        if file is None or file.missing:
            found.append(_missing(name, folder_gone=file is None, tolerated=name in accepted))
        elif not checksum.matches(file.content, row.checksum):
            found.append(_edited(file, tolerated=name in accepted))
    pending = [file for file in files if file.name not in current]
    found += [_without_script(file) for file in pending if file.missing]
    applied_files = [name for name in current if name in by_name and name not in failed]
    if applied_files:
        newest = max(applied_files, key=prisma_key)
        found += [
            _out_of_order(file.name, newest, tolerated=file.name in accepted)
            for file in pending
            if prisma_key(file.name) < prisma_key(newest)
        ]
    found += [
        _order_ambiguous(first, second, tolerated=bool({first, second} & set(accepted)))
        for first, second in ambiguous_pairs(file.name for file in pending)
    ]
    return found


def _failed(row: MigrationRow) -> Finding:
    name = inert(row.migration_name)
    started = row.started_at.isoformat(sep=" ", timespec="milliseconds")
    return Finding(
        "failed",
        row.migration_name,
        f"migration `{name}` started at {started} UTC and failed; nothing more is applied until it is "
        "resolved (Prisma P3009)",
        "dbsync rollback; or, after putting its changes back by hand: "
        f"{_command('resolve --rolled-back', name)}; or, after completing them by hand: "
        f"{_command('resolve --applied', name)}",
    )


def _edited(file: MigrationFile, *, tolerated: bool) -> Finding:
    name = inert(file.name)
    return Finding(
        "edited",
        file.name,
        f"migration `{name}` was edited after it was applied: its checksum differs, also without regard to "
        "line endings",
        f"see what changed: git log -p -- {shlex.quote(inert(str(file.path)))} ; put the old text back and "
        f"the change into a new migration, or: {_command('deploy --accept', name)}",
        accepted=tolerated,
    )


def _missing(name: str, *, folder_gone: bool, tolerated: bool) -> Finding:
    shown = inert(name)
    lost = "its folder is gone" if folder_gone else "its migration.sql is gone (Prisma P3015)"
    return Finding(
        "missing",
        name,
        f"migration `{shown}` is applied in the database but {lost}",
        f"bring it back: git log --diff-filter=D --name-only -- {shlex.quote('*' + shown + '*')} ; "
        f"or, if it was squashed on purpose: {_command('deploy --accept', shown)}",
        accepted=tolerated,
    )


def _without_script(file: MigrationFile) -> Finding:
    return Finding(
        "missing",
        file.name,
        f"migration `{inert(file.name)}` has no migration.sql: Could not find the migration file at "
        "migration.sql. Please delete the directory or restore the migration file. (Prisma P3015)",
        f"restore {inert(str(file.path))}, or remove its directory",
    )


def _out_of_order(name: str, newest: str, *, tolerated: bool) -> Finding:
    shown = inert(name)
    return Finding(
        "out_of_order",
        name,
        f"migration `{shown}` is not applied but sorts before `{inert(newest)}`, which is; a new database "
        "would run them the other way round",
        f"rename its directory to a later time stamp, or: {_command('deploy --accept', shown)}",
        accepted=tolerated,
    )


def _order_ambiguous(first: str, second: str, *, tolerated: bool) -> Finding:
    known = is_certain(first, second)
    order = f"`{inert(first)}` runs before `{inert(second)}`" if known else "the order cannot be known here"
    return Finding(
        "order_ambiguous",
        first,
        f"Prisma's versions disagree on the order of `{inert(first)}` and `{inert(second)}`; "
        f"as in Prisma 6.6 and later, {order}",
        "give both directories 14-digit time stamps that differ",
        # Since 6.6 Prisma's order of ASCII names is settled, and dbsync follows it.
        blocking=not known,
        accepted=tolerated,
    )


def does_not_replay(name: str, place: str, why: str, hint: str, *, accepted: bool) -> Finding:
    """Found elsewhere, as it takes a private server. `place`: file:line; `why`: MySQL's words."""
    return Finding(
        "does_not_replay",
        name,
        inert(
            f"the migrations alone do not make this schema: on an empty database `{name}` stops at {place},"
            f" {why}"
        ),
        hint,
        accepted=accepted,
    )


def _command(verb: str, name: str) -> str:
    return f"dbsync {verb} {shlex.quote(name)}"
