"""The commit a project's folder is at, read with the git binary."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from resources import progress
from resources.child_environment import child_environment
from resources.redact import inert, redact


@dataclass(frozen=True)
class Commit:
    id: str
    """40 or 64 hexadecimal digits."""
    subject: str
    """First line of the message: untrusted text."""
    dirty: bool
    """Whether the migrations folder differs from the commit."""


class _GitError(Exception):
    """In git's own words."""


def current_commit(folder: Path, migrations: Path) -> Commit | None:
    """The commit checked out in `folder`, or None where there is no repository.

    None also where git cannot tell, and then it is said why: the release is recorded without it.
    """
    repository = _repository(folder.resolve())
    if repository is None:
        return None
    try:
        head = _git(folder, repository, "log", "-1", "--no-show-signature", "--format=%H%x00%s")
    except _GitError as error:
        progress.say(f"the commit of {repository} is not recorded: {error}")
        return None
    commit, _, subject = head.strip().partition("\0")
    try:
        changes = _git(folder, repository, "status", "--porcelain", "--", str(migrations))
    except _GitError as error:
        progress.say(f"whether {migrations} differs from the commit is not recorded: {error}")
        changes = ""
    return Commit(commit, subject, dirty=bool(changes.strip()))


def _repository(folder: Path) -> Path | None:
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def _git(folder: Path, repository: Path, *arguments: str) -> str:
    # Neither prompts, nor hooks, nor a pager, nor a configuration other than the repository's own:
    # with its folder as HOME, a .gitconfig that somebody pushed would be obeyed.
    environment = child_environment(
        HOME=os.devnull,
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_TERMINAL_PROMPT="0",
        GIT_OPTIONAL_LOCKS="0",
        LC_ALL="C.UTF-8",
    )
    options = (
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        f"safe.directory={repository}",
    )
    try:
        done = subprocess.run(
            ["git", *options, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=20,
            check=False,
        )
    except FileNotFoundError:
        raise _GitError("git is not installed") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _GitError(inert(str(error))) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _GitError(inert(redact(said[0])) if said else f"git ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace")
