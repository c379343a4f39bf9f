"""dbsync's settings in the application's .env, all of them comments: nothing changes until one is chosen."""

from __future__ import annotations

import re
from pathlib import Path

from resources.adoption.proposal import Proposal, read

HEAD = "# --- dbsync; all settings: docs/settings.md of dbsync"
_NAME = re.compile(r"""\bname\s*:\s*["']([\w.@ -]+)["']""")
_ECOSYSTEMS = [f"ecosystem.config.{ending}" for ending in ("js", "cjs", "mjs", "json")]


def env_block(project: Path) -> Proposal:
    path = project / ".env"
    text = read(path)
    if text is not None and HEAD in text:
        return Proposal(path, text, text, "the settings are there")
    lines = [
        HEAD,
        "# BACKUP_STORAGE_PATH=/var/backups/app      # a folder on another disk, or s3://BUCKET/PREFIX",
        "# HEALTH_URL=http://127.0.0.1:3000/api/health  # asked after each release; bad answers undo it",
        "# NOTIFICATION_WEBHOOK=https://…              # is told how each release ended",
        "# ROLLBACK_PRESERVE_USER_DATA=true",
    ]
    if name := pm2_name(project):
        lines.append(f"# APP_PM2_NAME={name}")
    before = text or ""
    gap = "" if not before or before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
    return Proposal(path, text, before + gap + "\n".join([*lines, ""]), "settings to choose from", mode=0o600)


def pm2_name(project: Path) -> str | None:
    """What the application is called in PM2, by the first name in its ecosystem file."""
    for name in _ECOSYSTEMS:
        text = read(project / name)
        if text and (found := _NAME.search(text.replace('"name"', "name"))):
            return found[1]
    return None
