"""Whether a commit comes from whom it must: authors of the migrations it brings, its signature."""

from __future__ import annotations

import os

from resources.errors import CommitRefusedError, GitError
from resources.git.mirror import Mirror
from resources.release_source.source import Source

_NONE = "/bin/false"


def require_allowed(mirror: Mirror, source: Source, commit: str, folders: list[str]) -> None:
    """Raises CommitRefusedError. `folders`: of the pending migrations, in the repository.

    Every commit that touched one of them must be by an allowed author: a harmless commit on top
    does not cover what lies below. Of signatures the tip's counts, which stands for all below it.
    """
    if source.authors:
        found = [mirror.describe(commit), *(mirror.commits_of(commit, folders) if folders else [])]
        for one in found:
            if one.author not in source.authors:
                raise CommitRefusedError(
                    f"commit {one.id[:12]} is by {one.author}, who is not in GIT_ALLOWED_AUTHORS",
                    where=source.branch,
                    why=one.subject,
                    hint=f"if it may be deployed: git -C CLONE checkout {commit}, then: dbsync deploy",
                )
    if source.require_signed:
        _require_signed(mirror, source, commit)


def _require_signed(mirror: Mirror, source: Source, commit: str) -> None:
    signers = source.allowed_signers
    options = [f"gpg.ssh.allowedSignersFile={signers}" if signers else f"gpg.ssh.program={_NONE}"]
    options += ["gpg.x509.program=" + _NONE, "gpg.minTrustLevel=undefined"]
    if source.gpg_home is None:
        options.append(f"gpg.program={_NONE}")
    environment = {"GNUPGHOME": str(source.gpg_home or os.devnull)}
    try:
        mirror.verify(commit, options, environment)
    except GitError as error:
        raise CommitRefusedError(
            f"commit {commit[:12]} has no good signature",
            where=source.branch,
            why=error.why or error.what,
            hint="sign it with a key of GIT_ALLOWED_SIGNERS or GIT_GPG_HOME and push it",
        ) from error
