"""The commit a project's folder is at, read with the git binary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from resources import progress
from resources.errors import GitError
from resources.git.run import git


@dataclass(frozen=True)
class Commit:
    id: str
    """40 or 64 hexadecimal digits."""
    subject: str
    """First line of the message: untrusted text."""
    dirty: bool
    """Whether the migrations folder differs from the commit."""
    author: str = ""
    """Untrusted text; a name, never an address."""


def current_commit(folder: Path, migrations: Path) -> Commit | None:
    """The commit checked out in `folder`, or None where there is no repository.

    None also where git cannot tell, and then it is said why: the release is recorded without it.
    """
    repository = repository_of(folder.resolve())
    if repository is None:
        return None
    try:
        head = _git(folder, repository, "log", "-1", "--no-show-signature", "--format=%H%x00%an%x00%s")
    except GitError as error:
        progress.say(f"the commit of {repository} is not recorded: {_why(error)}")
        return None
    commit, author, subject = head.strip().split("\0", 2)
    try:
        changes = _git(folder, repository, "status", "--porcelain", "--", str(migrations))
    except GitError as error:
        progress.say(f"whether {migrations} differs from the commit is not recorded: {_why(error)}")
        changes = ""
    return Commit(commit, subject, dirty=bool(changes.strip()), author=author)


def _why(error: GitError) -> str:
    return error.why or error.what


def repository_of(folder: Path) -> Path | None:
    """The work tree that `folder`, an absolute path, lies in."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def _git(folder: Path, repository: Path, *arguments: str) -> str:
    return git(folder, arguments, safe=repository).decode("utf-8", "replace")
