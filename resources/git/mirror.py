"""A bare copy of one branch's history, fetched and read without running anything of the repository's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from resources.errors import GitError
from resources.file_lock import locked_file
from resources.git import export
from resources.git.access import Access
from resources.git.fetch_failed import fetch_failed
from resources.git.names import require_branch, require_commit, require_inside
from resources.git.run import git
from resources.git.tree import Entry, parse_tree
from resources.private_folder import make_private_folder
from resources.redact import inert, redact

_TIP = "refs/dbsync/tip"
_REMOTE = "origin"
_PACKS = 50
_SPARINGLY = ("--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none")
_FORMAT = "%H%x00%ae%x00%an%x00%cI%x00%s"


@dataclass(frozen=True)
class Described:
    """A commit, in its author's words: untrusted text."""

    id: str
    author: str
    """E-mail address, as written into the commit: anybody can write any."""
    author_name: str
    at: str
    subject: str


class Mirror:
    """`folder` may be deleted at any time; the next fetch makes it anew.

    Commits and trees come with a fetch; of a server that can leave them out, the files' contents come
    only where they are exported.
    """

    def __init__(self, repository: str | Path | Access, folder: Path) -> None:
        self.access = repository if isinstance(repository, Access) else Access(str(repository))
        self.folder = folder

    def fetch(self, branch: str) -> str:
        """The 40-digit id of the tip of `branch` now. Raises GitError.

        A branch that was rewritten is followed like any other; what it was stays readable.
        """
        require_branch(branch)
        self.access.configuration()  # before anything is made: an address that is none is refused
        self._refuse_shallow()
        make_private_folder(self.folder, "DBSYNC_STATE")
        with self._alone():
            self._make()
            wanted = f"+refs/heads/{branch}:{_TIP}/{branch}"
            try:
                self._remote("fetch", *_SPARINGLY, "--", _REMOTE, wanted)
            except GitError as error:
                raise fetch_failed(error, self.access, branch) from error
            self._tidy()
            return self._id(f"{_TIP}/{branch}")

    def contains(self, tip: str, commit: str) -> bool:
        """Whether `commit` is `tip` or an ancestor of it. An id that is not there is in nothing."""
        try:
            self._local("merge-base", "--is-ancestor", require_commit(commit), require_commit(tip))
        except GitError:
            return False
        return True

    def describe(self, commit: str) -> Described:
        found = self._local("log", "-1", "--no-show-signature", f"--format={_FORMAT}", require_commit(commit))
        return _described(found)[0]

    def commits_of(self, commit: str, paths: Sequence[str], limit: int = 1000) -> list[Described]:
        """The commits up to `commit` that changed something under `paths`, newest first."""
        inside = [f":(literal){require_inside(path)}" for path in paths]
        options = ("-z", "--no-show-signature", "--full-history", "-m", "--no-patch", f"--max-count={limit}")
        found = self._local("log", *options, f"--format={_FORMAT}", require_commit(commit), "--", *inside)
        return list({one.id: one for one in _described(found)}.values())

    def tree(self, commit: str, path: str = "") -> list[Entry]:
        """Everything under `path` of that commit, folders opened; empty where it is not there."""
        inside = require_inside(path)
        where = [f":(literal){inside}"] if inside else []
        listed = self._local("ls-tree", "-r", "-z", "--full-tree", require_commit(commit), "--", *where)
        return parse_tree(listed)

    def export(self, commit: str, into: Path, path: str | None = None, *, links: bool = True) -> None:
        """Write what `commit` has under `path` (None: everything) into the new folder `into`.

        The names inside are those of the repository, from its root. Bytes are those that were
        committed: no filter, no line-ending conversion, no LFS. Submodules are left as empty
        folders. `links=False` refuses symbolic links; else those that lead out of the tree are
        refused. Raises GitError, DiskFullError; nothing is left of a failed export.
        """
        entries = self.tree(commit, path or "")
        self._have(commit, entries)
        export.write(self.folder, entries, into, links=links)

    def read(self, commit: str, path: str, limit: int) -> bytes | None:
        """A plain file's content, or None where there is none. Raises GitError where it is larger."""
        found = [entry for entry in self.tree(commit, path) if entry.path == require_inside(path)]
        if not found or not found[0].is_file:
            return None
        self._have(commit, found)
        ((content,),) = [[b"".join(chunks)] for _, chunks in export.blobs(self.folder, found)]
        if len(content) > limit:
            raise GitError(f"{inert(path)} is larger than {limit:,} bytes", where=commit)
        return content

    def verify(self, commit: str, options: Sequence[str], environment: dict[str, str]) -> str:
        """What git says of the commit's signature. Raises GitError where it is not good."""
        arguments = ("verify-commit", "--raw", require_commit(commit))
        return git(self.folder, arguments, safe=self.folder, options=options, given=environment).decode(
            "utf-8", "replace"
        )

    # --- inside -------------------------------------------------------------------

    def _make(self) -> None:
        if not (self.folder / "HEAD").exists():
            git(self.folder, ("init", "--bare", "--quiet", "--template=", "--", "."), safe=self.folder)
        address = self.access.address
        for name, text in {
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": _REMOTE,
            f"remote.{_REMOTE}.url": address,
            f"remote.{_REMOTE}.promisor": "true",
        }.items():
            git(self.folder, ("config", "--local", name, text), safe=self.folder)

    def _tidy(self) -> None:
        """One pack comes with every push; git searches all of them."""
        if sum(1 for _ in (self.folder / "objects" / "pack").glob("*.pack")) > _PACKS:
            git(self.folder, ("gc", "--quiet"), safe=self.folder, seconds=self.access.seconds)

    def _refuse_shallow(self) -> None:
        folder = Path(self.access.address.removeprefix("file://"))
        local = self.access.protocol == "file"
        if local and any((folder / inside / "shallow").exists() for inside in (".git", "")):
            raise GitError(
                "the repository is a shallow clone",
                where=inert(str(folder)),
                why="whether a commit is in a branch cannot be told without its history",
                hint=f"git -C {inert(str(folder))} fetch --unshallow",
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One fetch at a time: two would both move the same reference."""
        with locked_file(self.folder / "dbsync.lock"):
            yield

    def _have(self, commit: str, entries: Sequence[Entry]) -> None:
        """Fetch, in one go, the contents that a server left out."""
        wanted = {entry.id for entry in entries if not entry.is_submodule}
        listed = ("rev-list", "--objects", "--no-object-names", "--missing=print", "--no-walk")
        found = self._local(*listed, require_commit(commit)).decode().split()
        missing = wanted & {line[1:] for line in found if line.startswith("?")}
        if missing:
            asked = "".join(f"{one}\n" for one in sorted(missing)).encode()
            with self._alone():
                self._remote("fetch", *_SPARINGLY, "--stdin", "--", _REMOTE, stdin=asked)

    def _local(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Without any network: what is missing is an error, and not fetched one by one."""
        return git(self.folder, arguments, safe=self.folder, stdin=stdin)

    def _remote(self, *arguments: str, stdin: bytes = b"") -> bytes:
        access = self.access
        # `*`: upload-pack asks of a folder's clone whether it may be read as another user's.
        return git(
            self.folder,
            arguments,
            safe="*",
            protocol=access.protocol,
            configuration=access.configuration(),
            given=access.environment(),
            stdin=stdin,
            seconds=access.seconds,
            too_large=self._too_large,
        )

    def _too_large(self) -> bool:
        total = 0
        for path in (self.folder / "objects").rglob("*"):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue  # renamed by git meanwhile
        return total > self.access.max_size

    def _id(self, reference: str) -> str:
        return require_commit(
            self._local("rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}")
            .decode()
            .strip()
        )


def _described(found: bytes) -> list[Described]:
    # Five fields each; -z ends a commit with NUL, a single one ends with a newline.
    fields = found.decode("utf-8", "replace").rstrip("\n").split("\0")
    groups = [fields[at : at + 5] for at in range(0, len(fields) - 4, 5)]
    return [Described(*(inert(redact(text)) for text in (i, a.lower(), n, t, s))) for i, a, n, t, s in groups]
