"""dbsync's folder stays out of the repository: backups and journal lie there unless set otherwise."""

from __future__ import annotations

from pathlib import Path

from resources.adoption.proposal import Proposal, read
from resources.errors import GitError
from resources.git.run import git


def gitignore(project: Path) -> Proposal | None:
    """None where the project is in no git repository, or in one that ignores all of it already."""
    if not any((place / ".git").exists() for place in (project, *project.parents)):
        return None
    path = project / ".gitignore"
    text = read(path)
    there = {line.strip().strip("/") for line in (text or "").splitlines()}
    wanted = [
        line
        for line, within in ((".dbsync/", ".dbsync/backups"), (".env", ".env"))
        if line.strip("/") not in there and not _is_ignored(project, within)
    ]
    if text is None and not wanted:
        return None
    before = text or ""
    gap = "" if not before or before.endswith("\n") else "\n"
    after = before + gap + "".join(f"{line}\n" for line in wanted)
    return Proposal(path, text, after if wanted else before, "backups and passwords stay out of git")


def _is_ignored(project: Path, path: str) -> bool:
    """As git itself says, by all patterns of the repository, whether the file is tracked or not."""
    try:
        git(project, ["check-ignore", "--quiet", "--no-index", "--", path], safe="*")
    except GitError:
        return False
    return True
