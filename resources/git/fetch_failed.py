"""A fetch that failed: git's own words, what they mean, and what to do."""

from __future__ import annotations

import re

from resources.errors import DbsyncError, GitError
from resources.git.access import Access
from resources.redact import inert, redact

_LOGIN_REFUSED = "could not read Username|Authentication failed"
_HINTS = {
    "couldn't find remote ref": "GIT_BRANCH names the branch to watch",
    "Host key verification": "GIT_KNOWN_HOSTS=FILE names the key that the host must have; or log in there"
    " once by hand: ssh -T git@HOST   (compare the key with the one that it publishes)",
    r"Permission denied \(": "GIT_SSH_KEY=FILE names the private key; its public half is to be a deploy key"
    " of the repository",
    _LOGIN_REFUSED: "GIT_TOKEN: one that may read this repository, and has not expired",
    "certificate": "GIT_CA_FILE=FILE names the authority of a git server of your own",
    r"transport '\w+' not allowed": "the server sends to another protocol; use the address that it sends to",
    "redirect": "the repository has moved: set GIT_REPOSITORY to its new address",
}
"""Pattern in git's (or ssh's) words → next step; the first that fits."""


def fetch_failed(error: DbsyncError, access: Access, branch: str) -> GitError:
    why = error.why or error.what
    hints = [hint for pattern, hint in _HINTS.items() if re.search(pattern, why)]
    if re.search(_LOGIN_REFUSED, why):
        said = "does not accept the login" if access.has_login else "wants a login"
        why = f"the server {said}; git says: {why}"
    return GitError(
        f"the branch {branch} could not be fetched" if error.what.startswith("git could") else error.what,
        where=inert(redact(access.address)),
        why=why,
        hint=hints[0]
        if hints
        else error.hint or "GIT_REPOSITORY and GIT_BRANCH name it; GIT_TOKEN or GIT_SSH_KEY log in",
    )
