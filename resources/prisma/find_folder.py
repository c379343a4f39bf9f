"""Where the migrations folder of a project is, as Prisma finds it; and the refusal where there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from resources.errors import MigrationsFolderError
from resources.redact import inert

CONFIGS = [
    *(f"prisma.config.{ending}" for ending in ("ts", "mts", "cts", "js", "mjs", "cjs")),
    *(f".config/prisma.{ending}" for ending in ("ts", "mts", "cts", "js", "mjs", "cjs")),
]
_SCHEMA = re.compile(r"""\bschema\s*:\s*(?:path\.join\(\s*)?["']([^"']+)["']""")
_MIGRATIONS = re.compile(r"""\bmigrations\s*:\s*\{[^{}]*?\bpath\s*:\s*["']([^"']+)["']""")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_DEPTH = 4
_SHOWN = 5


def find_migrations(project: Path) -> Path:
    """Where Prisma would look: prisma.config.*, the schema that package.json names, prisma/migrations.

    Of a prisma.config.* only values written out as strings can be read.
    """
    if text := config_of(project):
        if path := _MIGRATIONS.search(text):
            return project / path[1]
        if schema := _SCHEMA.search(text):
            return _beside(project / schema[1])
    manifest = project / "package.json"
    if manifest.is_file():
        try:
            schema = json.loads(manifest.read_text(encoding="utf-8")).get("prisma", {}).get("schema")
        except (ValueError, AttributeError):
            schema = None
        if isinstance(schema, str):
            return _beside(project / schema)
    if (project / "schema.prisma").is_file() and not (project / "prisma").is_dir():
        return project / "migrations"
    return project / "prisma" / "migrations"


def config_of(project: Path) -> str:
    """The first prisma.config.* without its comments; "" where there is none."""
    found = next((project / name for name in CONFIGS if (project / name).is_file()), None)
    return _COMMENT.sub("", found.read_text(encoding="utf-8", errors="replace")) if found else ""


def require_prisma_folder(migrations: Path) -> None:
    """Raises MigrationsFolderError where neither the folder nor a Prisma schema beside it exists.

    Without this a deployment from the wrong folder finds nothing pending and is called a release.
    A schema without migrations is a project that has none yet.
    """
    if migrations.is_dir() or any(migrations.parent.glob("*.prisma")):
        return
    if any(migrations.parent.glob("schema/*.prisma")):
        return
    found = [str(path) for path in islice(_candidates(migrations.parent.parent), _SHOWN)]
    listed = f"; found: {inert(', '.join(found))}" if found else ""
    raise MigrationsFolderError(
        "there is no Prisma project here: no migrations folder and no schema",
        where=inert(str(migrations)),
        why=f"looked where prisma.config.*, package.json or Prisma's default say{listed}",
        hint="-C FOLDER of the application, or PRISMA_MIGRATIONS=path/to/prisma/migrations",
    )


def _beside(schema: Path) -> Path:
    return (schema if schema.is_dir() else schema.parent) / "migrations"


def _candidates(project: Path) -> Iterator[Path]:
    pattern = "migrations/migration_lock.toml"
    for depth in range(_DEPTH):
        for path in project.glob("/".join(["*"] * depth + [pattern])):
            if "node_modules" not in path.parts:
                yield path.parent.relative_to(project)
