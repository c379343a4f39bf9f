"""What may be handed to git: refused by pattern before any program is started."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from resources.errors import GitError
from resources.redact import inert, redact

_COMMIT = re.compile(r"[0-9a-f]{40}")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@+#=-]{0,199}")
_SCP = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!/?/)[^\s:][^\s]*")
_SCHEMES = {"https": "https", "ssh": "ssh", "git+ssh": "ssh", "http": "http", "git": "git", "file": "file"}
_UNPROTECTED = ("http", "git")


def require_commit(commit: str) -> str:
    """`commit`, when it is the whole id of one. Raises GitError."""
    if not _COMMIT.fullmatch(commit):
        raise GitError(
            f"{inert(commit)!r} is not the id of a commit", why="an id is 40 digits 0-9 a-f, never shortened"
        )
    return commit


def require_branch(branch: str) -> str:
    """`branch`, when git could take it for nothing else. Raises GitError."""
    odd = any(part in branch for part in ("..", "//", "@{", "/.", ".lock/"))
    if not _BRANCH.fullmatch(branch) or odd or branch.endswith((".lock", "/", ".")):
        raise GitError(
            f"{inert(branch)!r} is not the name of a branch",
            why="it may not begin with -, and has letters, digits and _ . / @ + # = - only",
            hint="GIT_BRANCH=main",
        )
    return branch


def protocol_of(repository: str) -> str:
    """The one protocol that `repository` is asked over: https, ssh, file; http and git on this machine only.

    Raises GitError for everything else: transport helpers such as ext::, what begins with -, and
    what would send the repository unprotected through a network.
    """
    shown = inert(redact(repository))
    if not repository or repository.startswith("-") or "::" in repository or not repository.isprintable():
        raise GitError(f"{shown!r} is not the address of a repository", hint=_HINT)
    if "://" not in repository:
        if _SCP.fullmatch(repository) and not Path(repository).exists():
            return "ssh"
        return "file"
    try:
        parts = urlsplit(repository)
        host = parts.hostname or ""
    except ValueError as error:
        raise GitError(f"{shown!r} is not the address of a repository", why=str(error), hint=_HINT) from error
    protocol = _SCHEMES.get(parts.scheme)
    if protocol is None or (protocol != "file" and not host) or host.startswith("-"):
        raise GitError(f"{shown!r} is not the address of a repository", hint=_HINT)
    if (parts.username or "").startswith("-"):
        raise GitError(f"{shown!r} is not the address of a repository", hint=_HINT)
    if protocol in _UNPROTECTED and not is_loopback(host):
        raise GitError(
            f"{shown} would be asked without protection",
            why=f"{protocol}:// is for this machine only; what is deployed could be exchanged on the way",
            hint="use the https:// or ssh address of the repository",
        )
    return protocol


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_inside(path: str) -> str:
    """`path` inside a repository, without `.` and doubled slashes; "" is its root. Raises GitError."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or "\\" in path or not path.isprintable() or any(is_odd(part) for part in parts):
        raise GitError(f"{inert(path)!r} is not a path inside a repository", why="it leads out of it")
    return "/".join(parts)


def is_odd(name: str) -> bool:
    """Whether a name in a tree would lead elsewhere, or be git's own folder."""
    return name in ("", ".", "..") or "/" in name or "\0" in name or name.casefold() == ".git"


_HINT = "GIT_REPOSITORY=https://HOST/OWNER/NAME.git, git@HOST:OWNER/NAME.git, or the folder of a clone"
