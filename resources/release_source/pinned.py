"""One commit on its way into the database: what was decided on is what is applied, or nothing is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import uuid4

from resources.errors import CommitRefusedError, DbsyncError, MigrationsFolderError
from resources.git.commit import Commit
from resources.git.mirror import Mirror
from resources.git.names import require_commit
from resources.journal import Journal
from resources.prisma.folder import read_migrations
from resources.private_folder import make_private_folder
from resources.redact import inert
from resources.release_source.attempts import journal_of, may_pass, outcome_of
from resources.release_source.content import content_digest, require_digest
from resources.release_source.exported import Exported, export_migrations, mirror_of
from resources.release_source.source import Source
from resources.target import Target


@dataclass(frozen=True)
class Pin:
    """What the sensor decided on."""

    commit: str
    migrations: str
    attempt: int
    run: str | None = None
    """Of Dagster."""


class PinnedCommit:
    """Used by one deployment: `prepare`, `begun`, `confirm`, `ended`, in this order."""

    def __init__(self, target: Target, source: Source, pin: Pin) -> None:
        """Opens nothing. Raises GitError, CommitRefusedError for ids that are none."""
        require_commit(pin.commit)
        require_digest(pin.migrations)
        self._source = source
        self._pin = pin
        self._target = target
        self._mirror: Mirror = mirror_of(target, source)
        self._exported: Exported | None = None
        self._entry: str | None = None
        self._deployment: str | None = None

    def prepare(self) -> tuple[Target, Commit]:
        """The target with the commit's own migrations folder. Raises GitError, CommitRefusedError,
        MigrationsFolderError, DiskFullError.
        """
        pin = self._pin
        make_private_folder(self._target.storage, "BACKUP_STORAGE_PATH")
        make_private_folder(self._target.state, "DBSYNC_STATE")
        self._entry = journal_of(self._target).begin(
            self._target.name, commit=pin.commit, migrations=pin.migrations, attempt=pin.attempt, run=pin.run
        )
        self._require_on_branch()
        folder = self._target.state / "commits" / f"{pin.commit}-{uuid4().hex[:6]}"
        self._exported = export_migrations(self._mirror, self._source, pin.commit, folder)
        self._require_content()
        found = self._mirror.describe(pin.commit)
        target = replace(self._target, migrations=self._exported.migrations)
        return target, Commit(pin.commit, found.subject, dirty=False)

    def begun(self, deployment: str) -> None:
        self._deployment = deployment
        if self._entry:
            journal_of(self._target).record(self._entry, "deploying", deployment_id=deployment)

    def confirm(self) -> None:
        """Ask again, right before the first migration: the branch, and the bytes.

        Raises CommitRefusedError, and GitError where the repository does not answer: not knowing is
        no reason to go on.
        """
        self._require_on_branch()
        self._require_content()

    def ended(self, error: DbsyncError | None) -> None:
        """Say how it ended, once. `error`: what the deployment ended with."""
        if self._entry:
            phase, untouched = "not begun", True
            if self._deployment:
                found = Journal(self._target.storage).get(self._deployment)
                phase, untouched = found.phase, not found.reached("applying")
            journal_of(self._target).record(
                self._entry,
                "ended",
                outcome=outcome_of(error, phase if self._deployment or not error else "refused"),
                may_pass=untouched and may_pass(error),
            )
            self._entry = None
        if self._exported:
            self._exported.remove()
            self._exported = None

    def _require_on_branch(self) -> None:
        tip = self._mirror.fetch(self._source.branch)
        if not self._mirror.contains(tip, self._pin.commit):
            raise CommitRefusedError(
                f"commit {self._pin.commit[:12]} is not in the branch {self._source.branch} any more",
                where=inert(self._mirror.access.address),
                why=f"the branch was rewritten (force-push); its tip is {tip[:12]} now",
                hint="nothing; the new tip is looked at by itself",
            )

    def _require_content(self) -> None:
        assert self._exported
        try:
            found = content_digest(read_migrations(self._exported.migrations))
        except MigrationsFolderError as error:
            raise self._changed(error.what) from error
        if found != self._pin.migrations:
            raise self._changed(f"digest {found[:12]}, decided on was {self._pin.migrations[:12]}")

    def _changed(self, why: str) -> CommitRefusedError:
        return CommitRefusedError(
            "the migrations are not those that were decided on",
            where=f"commit {self._pin.commit[:12]}",
            why=why,
            hint="dbsync retry, if PRISMA_MIGRATIONS or GIT_PROJECT_PATH were changed meanwhile",
        )
