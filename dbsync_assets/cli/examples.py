"""What people type: under each command's --help and in docs/command.md. Tested: every line parses."""

from __future__ import annotations

from collections.abc import Mapping

_BACKUP = "20261126T154237Z-0001-full"
_MIGRATION = "20261126150000_add_phone_number"

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "init": ("dbsync init", "dbsync init --project ../shop --yes"),
    "doctor": ("dbsync doctor", "dbsync doctor --json"),
    "baseline": ("dbsync baseline", "dbsync baseline --through 20240101000000_init --yes"),
    "check": ("dbsync check", "dbsync check --sarif dbsync.sarif"),
    "deploy": (
        "dbsync deploy",
        "dbsync deploy --accept-fewer-rows Session",
        "dbsync deploy --detach",
    ),
    "generate": (
        "dbsync generate add_phone_number",
        "dbsync generate rename_mail --rename User.mail=email",
        "dbsync generate forget_fax --drop User.fax",
        "dbsync generate add_phone_number --by dbsync",
    ),
    "backup": ("dbsync backup", "dbsync backup --proof archive", "dbsync backup --incremental"),
    "validate": ("dbsync validate", "dbsync validate --schema-file"),
    "health": ("dbsync health",),
    "monitor": ("dbsync monitor", "dbsync monitor --watch", "dbsync monitor --listen 127.0.0.1:9108"),
    "log": ("dbsync log --lines 200", "dbsync log --follow"),
    "status": ("dbsync status", "dbsync status --json"),
    "join": ("dbsync join",),
    "restore": (
        f"dbsync restore {_BACKUP} --dry-run",
        f"dbsync restore {_BACKUP}",
        f"dbsync restore {_BACKUP} --tables User,Post --into shop_before",
        'dbsync restore --to "2026-11-23 14:05:00Z" --private',
        f"dbsync restore --to-before-migration {_MIGRATION} --dry-run",
        "dbsync restore finish",
    ),
    "rollback": ("dbsync rollback", "dbsync rollback --accept-loss"),
    "resolve": (
        f"dbsync resolve --rolled-back {_MIGRATION}",
        f"dbsync resolve --applied {_MIGRATION}",
    ),
    "reset": ("dbsync reset --confirm shop_test",),
    "demo": ("dbsync demo", "dbsync demo --rows 1000000"),
    "retry": ("dbsync retry", "dbsync retry 3f2a91c"),
    "daemon": ("dbsync daemon", "dbsync daemon --sensors git_migrations,reconcile,alerts"),
    "ui": ("dbsync ui", "dbsync ui --port 3333 --read-only"),
    "backups list": ("dbsync backups list",),
    "backups show": (f"dbsync backups show {_BACKUP}",),
    "backups verify": (f"dbsync backups verify {_BACKUP}",),
    "backups prune": ("dbsync backups prune --dry-run", "dbsync backups prune"),
    "backups reindex": ("dbsync backups reindex",),
    "backups upload": ("dbsync backups upload",),
    "backups fetch": (f"dbsync backups fetch {_BACKUP}",),
    "app status": ("dbsync app status",),
    "app back": ("dbsync app back",),
    "private list": ("dbsync private list",),
    "private stop": ("dbsync private stop restore-20261126T161131Z",),
    "notify test": ("dbsync notify test",),
    "notify list": ("dbsync notify list",),
    "notify outbox": ("dbsync notify outbox",),
    "notify retry": ("dbsync notify retry",),
    "notify watch": ("dbsync notify watch --minutes 15",),
    "mysql get": ("dbsync mysql get",),
    "github mask": ("dbsync github mask",),
}
"""Path of the command, without `dbsync` → lines."""


def under_help(path: str) -> str | None:
    r"""The lines as click's epilog. `\b` keeps it from filling them into one paragraph."""
    lines = EXAMPLES.get(path)
    if not lines:
        return None
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])
