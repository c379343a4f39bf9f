"""The commit a project's folder is at, read with the git binary."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Commit:
    id: str
    """40 or 64 hexadecimal digits."""
    subject: str
    """First line of the message: untrusted text."""
    dirty: bool
    """Whether the migrations folder differs from the commit."""


def current_commit(folder: Path, migrations: Path) -> Commit | None:
    """The commit checked out in `folder`, or None where there is no repository, commit or git."""
    head = _git(folder, "log", "-1", "--no-show-signature", "--format=%H%x00%s", "HEAD")
    if head is None:
        return None
    commit, _, subject = head.strip().partition("\0")
    changes = _git(folder, "status", "--porcelain", "--", str(migrations))
    return Commit(commit, subject, dirty=bool(changes and changes.strip()))


def _git(folder: Path, *arguments: str) -> str | None:
    # Neither prompts, nor hooks, nor a pager of the user's may run; nothing is fetched.
    environment = {
        "PATH": os.defpath + os.pathsep + "/usr/local/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    options = (
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        f"safe.directory={folder}",
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
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
