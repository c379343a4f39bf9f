"""The files that a release is made of: those of one commit, not those that happen to lie in a folder."""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Callable
from pathlib import Path

from resources.errors import AppBuildError
from resources.git.commit import repository_of
from resources.git.mirror import Mirror
from resources.git.run import git

_NOT_SOURCE = (".git", "node_modules", ".next", ".dbsync", "releases", "shared")

Export = Callable[[Path], None]
"""Writes the application's files into a folder that is not there yet."""


def files_of(project: Path, commit: str | None) -> Export:
    """What `commit` of the repository that `project` lies in has in that folder.

    None: the folder as it is, without what is made from it. What is returned raises AppBuildError,
    GitError, DiskFullError.
    """
    if commit is None:
        return lambda into: _copy(project, into)
    repository = repository_of(project.resolve())
    if repository is None:
        raise AppBuildError("the application is in no git repository", where=str(project))
    asked = ("rev-parse", "--path-format=absolute", "--git-common-dir")
    folder = Path(git(repository, asked, safe=repository).decode().strip())
    inside = project.resolve().relative_to(repository).as_posix()
    return files_in(Mirror(str(repository), folder), commit, inside)


def files_in(mirror: Mirror, commit: str, path: str) -> Export:
    """What `commit` has under `path` ("" or ".": everything); nothing of the repository is run."""
    inside = posixpath.normpath(path or ".")

    def export(into: Path) -> None:
        if inside == ".":
            mirror.export(commit, into)
            return
        whole = into.with_name(f"{into.name}.tree")  # names inside are those from the repository's root
        shutil.rmtree(whole, ignore_errors=True)
        try:
            mirror.export(commit, whole, inside)
            if not (whole / inside).is_dir():
                raise AppBuildError("the commit has no such folder", where=f"{commit}: {inside}")
            (whole / inside).rename(into)
        finally:
            shutil.rmtree(whole, ignore_errors=True)

    return export


def _copy(project: Path, into: Path) -> None:
    shutil.copytree(project, into, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_SOURCE))
