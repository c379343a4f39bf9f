"""The branch that is watched: where it is, where the application lies in it, who may push."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from resources.git.access import Access


@dataclass(frozen=True)
class Source:
    access: Access
    branch: str = "main"
    project_path: str = ""
    """Folder of the application inside the repository; "" is its root."""
    migrations: str | None = None
    """Migrations folder inside that folder, where it is not to be found as Prisma finds it."""
    authors: frozenset[str] = field(default_factory=frozenset)
    """E-mail addresses in lower case whose migrations may be deployed; empty: everybody's."""
    require_signed: bool = False
    allowed_signers: Path | None = None
    gpg_home: Path | None = None
    ci_url: str | None = None
    ci_token: str | None = field(default=None, repr=False)
