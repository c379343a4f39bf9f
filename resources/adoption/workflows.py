"""The example workflows of dbsync, as files of the application's repository."""

from __future__ import annotations

from pathlib import Path

from resources.adoption.proposal import Proposal, read

NAMES = {"pull-request.yml": "dbsync-pull-request.yml", "deploy-over-ssh.yml": "dbsync-deploy.yml"}


def workflows(project: Path, examples: Path) -> list[Proposal]:
    """Where the project is the top of a repository on GitHub, or has workflows already; else [].

    A workflow that is there is left as it is.
    """
    if not ((project / ".git").exists() or (project / ".github").is_dir()):
        return []
    found = []
    for example, name in NAMES.items():
        path, text = project / ".github" / "workflows" / name, read(examples / example)
        if text is not None:
            there = read(path)
            after = text if there is None else there
            found.append(Proposal(path, there, after, "a workflow to adapt: hosts and secrets are yours"))
    return found
