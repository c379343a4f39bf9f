"""A commit's Prisma folder, written into the state folder: what is looked at, and what is deployed from."""

from __future__ import annotations

import posixpath
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from resources.errors import CommitRefusedError, MigrationsFolderError
from resources.git.mirror import Mirror
from resources.prisma.find_folder import CONFIGS, find_migrations, require_prisma_folder
from resources.prisma.folder import MigrationFile, read_migrations
from resources.redact import inert
from resources.release_source.source import Source
from resources.target import Target

_MAX_CONFIG = 2**20
_LEFT_AFTER = 7 * 24 * 3600.0
"""Seconds after which a folder that a killed process left is removed."""


@dataclass(frozen=True)
class Exported:
    folder: Path
    migrations: Path
    inside: str
    """The migrations folder's path in the repository."""
    files: list[MigrationFile]

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def mirror_of(target: Target, source: Source) -> Mirror:
    return Mirror(source.access, target.state / "git" / "mirror.git")


def export_migrations(mirror: Mirror, source: Source, commit: str, folder: Path) -> Exported:
    """The folder of Prisma's schema and migrations of `commit`, under the new `folder`.

    Raises GitError, MigrationsFolderError (links, names, sizes), CommitRefusedError where the commit
    has no Prisma project in GIT_PROJECT_PATH.
    """
    remove_left(folder.parent)
    migrations = source.migrations or _found(mirror, source, commit, folder)
    inside = posixpath.normpath(posixpath.join(source.project_path, migrations))
    if inside.startswith(("..", "/")):
        raise CommitRefusedError(
            "the migrations folder lies outside the repository",
            where=inert(inside),
            hint="PRISMA_MIGRATIONS=…",
        )
    parent = posixpath.dirname(inside)
    # What lies beside the migrations is the schema, or the whole project: of that the schema only.
    mirror.export(commit, folder, inside, links=False)
    place = folder / inside
    schema = [entry.path for entry in mirror.tree(commit, parent) if entry.path.endswith(".prisma")]
    for path in schema[:1]:
        marker = folder / path
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()  # that there is one is all that is asked
    try:
        require_prisma_folder(place)
        return Exported(folder, place, inside, read_migrations(place))
    except MigrationsFolderError as error:
        shutil.rmtree(folder, ignore_errors=True)
        error.where = f"{inert(inside)} of commit {commit[:12]}: {error.where}"
        raise


def _found(mirror: Mirror, source: Source, commit: str, folder: Path) -> str:
    """Where Prisma would look, asked of those files of the commit that tell."""
    asked = folder.with_name(f"{folder.name}.config")
    try:
        for name in (*CONFIGS, "package.json", "schema.prisma"):
            content = mirror.read(commit, posixpath.join(source.project_path, name), _MAX_CONFIG)
            if content is not None:
                (asked / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                (asked / name).write_bytes(content)
        if mirror.tree(commit, posixpath.join(source.project_path, "prisma")):
            (asked / "prisma").mkdir(parents=True, exist_ok=True)
        return posixpath.relpath(find_migrations(asked), asked)
    finally:
        shutil.rmtree(asked, ignore_errors=True)


def remove_left(folder: Path) -> None:
    """What processes left there that were killed a week ago or longer."""
    for path in folder.glob("*") if folder.is_dir() else ():
        if time.time() - path.lstat().st_mtime > _LEFT_AFTER:
            shutil.rmtree(path, ignore_errors=True)
