"""dbsync's folder stays out of the repository: backups and journal lie there unless set otherwise."""

from __future__ import annotations

from pathlib import Path

from resources.adoption.proposal import Proposal, read


def gitignore(project: Path) -> Proposal | None:
    """None where the project is in no git repository."""
    if not any((place / ".git").exists() for place in (project, *project.parents)):
        return None
    path = project / ".gitignore"
    text = read(path)
    ignored = {line.strip().strip("/") for line in (text or "").splitlines()}
    wanted = [line for line in (".dbsync/", ".env") if line.strip("/") not in ignored]
    # A pattern such as .env* covers it; to add .env once more would only be noise.
    wanted = [
        line for line in wanted if not (line == ".env" and any(one.startswith(".env") for one in ignored))
    ]
    before = text or ""
    gap = "" if not before or before.endswith("\n") else "\n"
    after = before + gap + "".join(f"{line}\n" for line in wanted)
    return Proposal(path, text, after if wanted else before, "backups and passwords stay out of git")
