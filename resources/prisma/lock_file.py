"""`migration_lock.toml`: which database the migrations were written for (Prisma P3019)."""

from __future__ import annotations

from pathlib import Path

from resources.errors import MigrationsFolderError
from resources.prisma.folder import read_regular_file
from resources.redact import inert

LOCK_FILE = "migration_lock.toml"
_PREFIX = "provider = "
_LIMIT = 2**20


def require_mysql(migrations: Path) -> None:
    """Raises MigrationsFolderError unless the lock file is absent or says exactly "mysql"."""
    content = read_regular_file(migrations / LOCK_FILE, _LIMIT)
    if content is None:
        return
    provider = provider_of(content.decode("utf-8", "replace"))
    if provider != "mysql":
        raise MigrationsFolderError(
            "The datasource provider `mysql` does not match the one specified in the "
            f"migration_lock.toml, `{inert(provider)}` (Prisma P3019)",
            where=inert(str(migrations / LOCK_FILE)),
            why='only the line `provider = "mysql"`, spaced exactly so, is understood, as in Prisma',
            hint="correct that line; migrations for another database: start anew with `prisma migrate dev`",
        )


def provider_of(text: str) -> str:
    """The provider as Prisma's engine reads it: no TOML, the first line that begins with the word."""
    for line in text.split("\n"):
        if line.startswith("provider"):
            value = line.removesuffix("\r")
            while value.startswith(_PREFIX):
                value = value.removeprefix(_PREFIX)
            return value.strip('"')
    return "<PROVIDER NOT FOUND>"
