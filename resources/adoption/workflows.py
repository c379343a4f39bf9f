"""The example workflows of dbsync, as files of the application's repository."""

from __future__ import annotations

from pathlib import Path

from resources.adoption.proposal import Proposal, read

NAMES = {"pull-request.yml": "dbsync-pull-request.yml", "deploy-over-ssh.yml": "dbsync-deploy.yml"}


def workflows(project: Path, examples: Path) -> list[Proposal]:
    """Where the project is the top of a repository, or in none and has workflows already; else [].

    A workflow that is there is left as it is. Raises SettingsError where one cannot be read.
    """
    top = _top(project)
    if top not in (None, project) or (top is None and not (project / ".github").is_dir()):
        return []
    found = []
    for example, name in NAMES.items():
        path, text = project / ".github" / "workflows" / name, read(examples / example)
        if text is not None:
            there = read(path)
            after = text if there is None else there
            found.append(Proposal(path, there, after, "a workflow to adapt: hosts and secrets are yours"))
    return found


def left_out(project: Path, examples: Path) -> str | None:
    """Why a folder of a repository gets none, and what to do instead; None where nothing is missing."""
    top = _top(project)
    if top in (None, project):
        return None
    folder = top / ".github" / "workflows"
    if all((folder / name).exists() for name in NAMES.values()):
        return None
    within = project.relative_to(top).as_posix()
    return (
        f"no workflow is written: GitHub reads them in {folder} alone, and the examples are for an"
        f" application at the top of its repository, not in {within}; copy them from {examples}, and set"
        " `project:` and `paths:` as docs/github-actions.md of dbsync says"
    )


def _top(project: Path) -> Path | None:
    """Of the repository that the project is in, if it is in one."""
    return next((one for one in (project, *project.parents) if (one / ".git").exists()), None)
