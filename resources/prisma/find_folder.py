"""Where the migrations folder of a project is, as Prisma finds it; and the refusal where there is none."""

from __future__ import annotations

import json
import os
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
_TEXT = r"""(?:"[^"\n]*"|'[^'\n]*'|`[^`$]*`)"""
_PLACE = rf"({_TEXT}|(?:path\.)?(?:join|resolve)\((?:[^()]|\(\))*\))"
_SCHEMA = re.compile(rf"\bschema\s*:\s*{_PLACE}")
_MIGRATIONS = re.compile(rf"\bmigrations\s*:\s*\{{[^{{}}]*?\bpath\s*:\s*{_PLACE}")
_HERE = re.compile(r"\(\s*(?:__dirname|import\.meta\.dirname|process\.cwd\(\))\s*,")
_COMMENT = re.compile(rf"({_TEXT})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_DEPTH = 6
_SHOWN = 5


def find_schema(project: Path) -> Path | None:
    """The schema file or folder that prisma.config.* or package.json name; None where neither does."""
    if schema := _place(_SCHEMA, config_of(project)):
        return project / schema
    named = _named_in_manifest(project)
    return project / named if named else None


def find_migrations(project: Path) -> Path:
    """Where Prisma would look: prisma.config.*, the schema that package.json names, prisma/migrations.

    Of a prisma.config.* only values written out can be read: strings, and path.join of strings.
    """
    if path := _place(_MIGRATIONS, config_of(project)):
        return project / path
    if schema := find_schema(project):
        return _beside(schema)
    if (project / "schema.prisma").is_file() and not (project / "prisma").is_dir():
        return project / "migrations"
    return project / "prisma" / "migrations"


def config_of(project: Path) -> str:
    """The first prisma.config.* without its comments; "" where there is none."""
    found = next((project / name for name in CONFIGS if (project / name).is_file()), None)
    return (
        _COMMENT.sub(lambda match: match[1] or "", found.read_text(encoding="utf-8", errors="replace"))
        if found
        else ""
    )


def require_prisma_folder(migrations: Path) -> None:
    """Raises MigrationsFolderError where neither the folder nor a Prisma schema beside it exists.

    Without this a deployment from the wrong folder finds nothing pending and is called a release.
    A schema without migrations is a project that has none yet.
    """
    if migrations.is_dir() or any(migrations.parent.glob("*.prisma")):
        return
    if any(migrations.parent.glob("schema/*.prisma")):
        return
    root = migrations.parent.parent
    found = list(islice(_candidates(root), _SHOWN))
    listed = f"; found: {inert(', '.join(map(str, found)))}" if found else ""
    hint = "-C FOLDER of the application, or PRISMA_MIGRATIONS=path/to/prisma/migrations"
    if len(found) == 1:
        there = os.path.relpath(root / _application(root, found[0]))
        hint = f"-C {inert(there)}; or PRISMA_MIGRATIONS={inert(str(found[0]))}"
    raise MigrationsFolderError(
        "there is no Prisma project here: no migrations folder and no schema",
        where=inert(str(migrations)),
        why=f"looked where prisma.config.*, package.json or Prisma's default say{listed}",
        hint=hint,
    )


def _application(root: Path, migrations: Path) -> Path:
    """The package that the migrations belong to, relative to `root`."""
    packages = (one for one in migrations.parents if one.parts and (root / one / "package.json").is_file())
    return next(packages, migrations.parent.parent)


def _place(pattern: re.Pattern[str], text: str) -> str | None:
    """The path that a setting names, relative to the project; None where it takes running the code."""
    found = pattern.search(text)
    if found is None:
        return None
    written = _HERE.sub("(", found[1])
    left = re.sub(rf"{_TEXT}|^(?:path\.)?\w+\(|[\s,)]", "", written)
    return None if left else "/".join(one[1:-1] for one in re.findall(_TEXT, written)) or None


def _named_in_manifest(project: Path) -> str | None:
    manifest = project / "package.json"
    if not manifest.is_file():
        return None
    try:
        schema = json.loads(manifest.read_text(encoding="utf-8")).get("prisma", {}).get("schema")
    except (ValueError, AttributeError):
        return None
    return schema if isinstance(schema, str) else None


def _beside(schema: Path) -> Path:
    return (schema if schema.is_dir() else schema.parent) / "migrations"


def _candidates(project: Path) -> Iterator[Path]:
    """Folders of migrations below the project, relative to it, the nearest first."""
    level = [project]
    for _ in range(_DEPTH):
        below: list[Path] = []
        for folder in level:
            if (folder / "migrations" / "migration_lock.toml").is_file():
                yield (folder / "migrations").relative_to(project)
            below += _folders(folder)
        level = below


def _folders(folder: Path) -> list[Path]:
    try:
        found = sorted(
            Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)
        )
    except OSError:
        return []
    return [one for one in found if one.name not in ("node_modules", "migrations", ".git")]
