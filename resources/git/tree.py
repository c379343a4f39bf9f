"""What a commit's tree holds: names, kinds and ids, each checked."""

from __future__ import annotations

import os
from dataclasses import dataclass

from resources.errors import GitError
from resources.git.names import is_odd
from resources.redact import inert

_LINK, _SUBMODULE, _EXECUTABLE = "120000", "160000", "100755"
MAX_ENTRIES = 500_000


@dataclass(frozen=True)
class Entry:
    path: str
    """From the repository's root; bytes that are no UTF-8 as the file system's surrogates."""
    id: str
    mode: str

    @property
    def is_file(self) -> bool:
        return self.mode not in (_LINK, _SUBMODULE)

    @property
    def is_link(self) -> bool:
        return self.mode == _LINK

    @property
    def is_submodule(self) -> bool:
        return self.mode == _SUBMODULE

    @property
    def is_executable(self) -> bool:
        return self.mode == _EXECUTABLE


def parse_tree(listed: bytes) -> list[Entry]:
    """The answer of `git ls-tree -r -z`. Raises GitError for names that would be written elsewhere."""
    found = []
    for line in filter(None, listed.split(b"\0")):
        kind, _, name = line.partition(b"\t")
        mode, _, identity = kind.decode("ascii").split(" ")
        path = os.fsdecode(name)
        if any(is_odd(part) for part in path.split("/")):
            raise GitError(
                "the commit has a file that would be written outside its folder, or as git's own",
                where=inert(os.fsencode(path).decode("utf-8", "backslashreplace")),
                hint="take that name out of the repository",
            )
        found.append(Entry(path, identity, mode))
    if len(found) > MAX_ENTRIES:
        raise GitError("the commit has too many files", why=f"{len(found):,}; at most {MAX_ENTRIES:,}")
    return found
