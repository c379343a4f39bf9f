"""One deployment: its lock, its journal entry, its private copy, and what each step found.

Each method is one asset's work. They are called in order and may be called only
once; a step whose precondition was not met *in this deployment* refuses, because
an orchestrator can be asked to run any step alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from resources import progress
from resources.backup.made import MadeBackup
from resources.backup.make import FullBackup
from resources.backup.proof_choice import proof_choice
from resources.deployment import gates, offsite, record
from resources.deployment.application import Application
from resources.deployment.notice import kind_of, send_notice
from resources.deployment.preflight import ensure_database, require_privileges
from resources.deployment.untold import tell_untold
from resources.errors import (
    BackupFailedError,
    ConnectError,
    DbsyncError,
    DiskFullError,
    DriftError,
    HealthFailedError,
    HistoryError,
    LockBusyError,
    NotBaselinedError,
    RollbackFailedError,
    UsageError,
    ValidationFailedError,
)
from resources.git.commit import Commit
from resources.health.health import HealthStatus, check_health
from resources.journal import Journal
from resources.mysql.connection import connect, value
from resources.mysql.digest import TableDigest
from resources.mysql.installation import parse_version
from resources.notify.plan import channels_of
from resources.prisma.apply import apply_pending
from resources.prisma.failure import failed_result, reason_of
from resources.prisma.find_folder import require_prisma_folder
from resources.prisma.lock import MigrationLock
from resources.prisma.lock_again import lock_again
from resources.prisma.result import MigrationResult
from resources.prisma.status import MigrationStatus, migration_status
from resources.private_folder import make_private_folder
from resources.release_source.pinned import PinnedCommit
from resources.rollback.reconcile import Reconciled, drop_created_database, reconcile, unfinished
from resources.rollback.rollback import RollbackResult, roll_back
from resources.rollback.touched import rows_by_others
from resources.target import Target
from resources.validation.compare import Difference, compare
from resources.validation.expectation import Expectation, expect
from resources.validation.rules.expectations import preload
from resources.validation.rules.own_suites import load_own_suites
from resources.validation.validate import ValidationReport, validate

T = TypeVar("T")
E = TypeVar("E", bound=DbsyncError | None)
Purpose = Literal["deploy", "change", "read"]
"""deploy: locked and journalled; change (backup, restore, reset …): locked; read: neither, but
what a killed deployment left is put right first, under the lock."""


class Deployment:
    """The state of one release in this process. `close` always ends it, whatever happened."""

    def __init__(
        self,
        target: Target,
        *,
        commit: Commit | None = None,
        purpose: Purpose = "deploy",
        pinned: PinnedCommit | None = None,
    ) -> None:
        """`pinned`: the commit of the watched branch that is deployed instead of the target's folder."""
        self.target = target
        self._pinned = pinned
        self.commit = commit
        self.purpose: Purpose = purpose
        self.journal = Journal(target.storage)
        self.id: str | None = None
        self.error: DbsyncError | None = None
        """The error the command ends with: the first one, or the rollback's when that failed."""
        self.spans: dict[str, list[tuple[float, float]]] = {}
        """Phase → when it was worked on, in seconds of time.monotonic()."""
        self.reconciled: list[Reconciled] = []
        self.status: MigrationStatus | None = None
        self.expectation: Expectation | None = None
        self.backup: MadeBackup | None = None
        self.drift: list[Difference] = []
        self.migration: MigrationResult | None = None
        self.validation: ValidationReport | None = None
        self.health: HealthStatus | None = None
        self.application = Application(target.app, target, self._journal) if target.app else None
        """None where no application is configured."""
        self.rollback: RollbackResult | None = None
        self.outcome = "unfinished"
        """How it ended: released, failed, rolled_back, or the code of the error that stopped the rollback."""
        self.record_path: str | None = None
        self.result: Any = None
        """What an operation outside the release graph returned, for the command to print."""
        self.stopped: DbsyncError | None = None
        """Why nothing at all may be done here: raised by every step."""
        self._begun = False
        self._changing_since: float | None = None
        self._lock: MigrationLock | None = None
        self._full_backup: FullBackup | None = None

    @property
    def timings(self) -> dict[str, float]:
        """Phase → seconds, in the order in which they were first done."""
        return {name: sum(end - begun for begun, end in parts) for name, parts in self.spans.items()}

    # --- the steps, in order ---------------------------------------------------

    def begin(self, *, leave_killed: bool = False) -> None:
        """Take the lock, put right what a killed run left behind, open the journal entry. Once."""
        if not self._begun:
            self._begun = True
            self._timed("begin", lambda: self._begin(leave_killed))

    def run(self, name: str, work: Callable[[], T], *, leave_killed: bool = False) -> T:
        """Any other change to the target (restore, resolve, reset …), under the same lock.

        leave_killed: `work` itself undoes or replaces what a killed deployment did.
        """
        self.begin(leave_killed=leave_killed)
        return self._timed(name, work)

    def check_history(self) -> MigrationStatus:
        """Read folder and history. Whether it is clean is the gate's to say (`refuse_history`).

        All migrations are run on an empty private database: a script that cannot work at all
        is refused here, in seconds, and not behind a backup. Raises MigrationFailedError.
        """
        self.begin()
        self.status = status = self._timed("history", lambda: migration_status(self.target))
        if status.refusal() is None:
            self.expectation = self._timed("replay", lambda: expect(self.target, status))
            self.status = status.with_finding(self.expectation.finding)
        return self.status

    def refuse_history(self) -> HistoryError | NotBaselinedError | DriftError | None:
        """The reason why this history may not be deployed on, or None."""
        return self._noted(self.status.refusal() if self.status else None)

    def begin_backup(self) -> None:
        """Set the copying going, and return: for a caller that has something else to do first."""
        self.begin()
        if self.application and self.purpose == "deploy":
            app, commit = self.application, self.commit.id if self.commit else None
            export = self._pinned.application if self._pinned else None
            self._timed("build", lambda: app.build(commit, self.id, export))
        self._full_backup = self._timed("backup", lambda: FullBackup(self.target))

    def back_up(self, proof: str = "auto", *, scheduled: bool = False) -> MadeBackup:
        """A full backup; in a deployment its private copy stays until the end. `proof`: see proof_choice."""
        if self._full_backup is None:
            self.begin_backup()
        full = self._full_backup
        assert full
        of = proof_choice(proof, self.target.backup_proof, scheduled=scheduled)
        keep = self.purpose == "deploy"
        made = self._timed("backup", lambda: full.finish(keep_server=keep, proof=of))
        ended = time.monotonic()
        self.spans["backup"] = [(ended - full.seconds, ended)]  # beside what else was done meanwhile
        self.backup = made
        manifest = made.manifest
        self._journal(
            "backed_up",
            backup_id=manifest.id,
            binlog_file=manifest.binlog_file,
            binlog_position=manifest.binlog_position,
            gtid_executed=manifest.gtid_executed,
            schema_digest=manifest.schema_digest,
        )
        if self.target.remote is not None:
            self._timed("upload", lambda: offsite.after_backup(self))
        return made

    def refuse_backup(self) -> BackupFailedError | None:
        return self._noted(gates.backup(self.backup))

    def refuse_drift(self) -> HistoryError | NotBaselinedError | DriftError | None:
        """Compare the private copy with what its applied migrations make, before anything changes."""
        if self.status is None or self.backup is None:
            return None
        if refusal := self.refuse_history():
            return refusal  # there is nothing to compare with
        self.drift = self._timed("drift", self._drift)
        return self._noted(gates.drift(self.target, self.drift))

    def apply(self) -> MigrationResult:
        """Apply what is pending. Any failure from here on ends in the pre-deploy state.

        Raises MigrationFailedError (or a subclass) after the rollback; the rollback's own
        error instead where that did not succeed.
        """
        self.require_allowed()
        proven = self.backup is not None and self.backup.manifest.proof.proven
        if self.id is None or self.status is None or not proven:
            raise self._noted(
                UsageError(
                    "migrations are applied only behind a history check and a proven backup of the same run",
                    why="one asset alone cannot be materialised safely; the job `deploy` runs all of them",
                    hint="dbsync deploy",
                )
            )
        for error in (self.refuse_history(), self.refuse_backup()):
            if error:
                raise error
        # A typo in the user's own rules must not come to light after the migrations ran.
        self._timed("own rules", lambda: load_own_suites(self.target.data_rules))
        self._changing_since = time.time()
        if self._pinned:
            self._timed("confirm", self._pinned.confirm)
        if self.application and self.application.comes_first:
            self._timed("application", self.application.switch)
        self._journal("applying", threads=[])
        try:
            self.migration = self._timed(
                "apply",
                lambda: apply_pending(
                    self.target,
                    self.held_lock(),
                    self._journal_callback,
                    files=self.status and self.status.files,
                ),
            )
        except BaseException as error:
            self.migration = failed_result(error, self.timings.get("apply", 0.0))
            self.undo(reason_of(error))
            if self.error is not None and self.error is not error:
                raise self.error from error
            raise
        self._journal("applied", applied_migrations=self.migration.applied_migrations)
        return self.migration

    def validate(self) -> ValidationReport:
        """Compare schema and rows with what they should be. Read-only: needs no lock."""
        before: Mapping[str, TableDigest] | None = self.backup.manifest.tables if self.backup else None
        self.validation = self._timed(
            "validate",
            lambda: validate(
                self.target,
                expectation=self.expectation,
                before=before,
                accepted_drift=self.drift,
                changed_by_others=self._rows_by_others(),
            ),
        )
        return self.validation

    def refuse_validation(self, part: str) -> ValidationFailedError | None:
        """`part` is "schema" or "rules"."""
        return self._noted(gates.validation(self.target, self.validation, part))

    def release_application(self) -> dict[str, Any]:
        """Switch to the new release, or see that it bears the new schema; what was found.

        Raises AppStartError, HealthFailedError, and UsageError outside a deployment.
        """
        application = self.application
        if application is None or self.validation is None or self.id is None:
            raise self._noted(
                UsageError("the application is released only behind the gates", hint="dbsync deploy")
            )
        self._journal("validated")
        self._timed("application", application.confirm if application.comes_first else application.switch)
        return application.found

    def check_health(self) -> HealthStatus:
        if self.validation is not None and self.id:
            self._journal("validated")
        self.health = self._timed("health", lambda: check_health(self.target, self._changing_since))
        return self.health

    def refuse_health(self) -> HealthFailedError | None:
        return self._noted(gates.health(self.target, self.health))

    def release(self) -> str:
        """Write the evidence, close the journal entry, tell people. Returns the record's path."""
        self.require_allowed()
        if self.migration is None or not self.migration.success or self.health is None:
            raise self._noted(
                UsageError("a release is recorded only after all its gates", hint="dbsync deploy")
            )
        self._journal("healthy")
        self._journal("released")
        if self.application:
            self.application.released()
        self.outcome = "released"
        try:
            self.record_path = str(record.write(self, "released"))
        except DiskFullError as error:  # no reason to take a good release back
            progress.say(f"the evidence file could not be written: {error.what}")
        send_notice(self, "released")
        return self.record_path or ""

    # --- when something failed ---------------------------------------------------

    def undo(self, reason: str) -> None:
        """Put everything back. Runs once; safe to call from every layer that notices a failure."""
        if self.id is None:
            return
        entry = self.journal.get(self.id)
        if entry.is_final or entry.phase in ("rollback_refused", "rollback_incomplete"):
            return
        self.outcome = "failed"
        if entry.reached("applying") or entry.app_to_put_back:
            try:
                lock_again(self.held_lock(), self.target)
                if not entry.reached("applying"):
                    drop_created_database(self.target, entry)
                server = self.backup.server if self.backup else None
                undone = self._timed(
                    "rollback",
                    lambda: roll_back(self.target, self.journal, entry.id, source=server, reason=reason),
                )
                self.rollback = undone
                self.outcome = undone.outcome
            except DbsyncError as error:
                error.__cause__ = self.error
                self.error = error
                self.outcome = error.code
        else:
            try:
                drop_created_database(self.target, entry)
            except ConnectError as error:
                progress.say(f"{error.what}; the next command finishes this deployment")
            else:
                self._journal("failed", reason=reason)
        self.record_path = str(record.write(self, self.outcome, reason))
        send_notice(self, self.outcome, reason)

    def close(self) -> None:
        """End it: undo what is unfinished, stop the private copy, free the lock."""
        try:
            if self.id is not None:
                self.undo(str(self.error.what) if self.error else "interrupted")
            elif self.purpose == "deploy" and self.error and not isinstance(self.error, RollbackFailedError):
                self.outcome = "failed"
                send_notice(self, "failed", self.error.what)
        finally:
            if self._full_backup is not None:
                self._full_backup.abandon()
            if self.backup is not None:
                self.backup.close()
            self.free_lock()
            if self._pinned:
                self._pinned.ended(self.error)
        offsite.after_deployment(self)
        progress.circumstances.deployment = ""

    def require_allowed(self) -> None:
        """Raises what stopped this deployment before it began."""
        if self.stopped is not None:
            raise self._noted(self.stopped)

    # --- inside -------------------------------------------------------------------

    def _begin(self, leave_killed: bool) -> None:
        if self.purpose == "read":
            if not unfinished(self.target, self.journal):
                return
            try:
                with MigrationLock(self.target, "reconcile"):
                    self._reconcile()
            except LockBusyError as error:
                progress.say(f"a deployment is under way: {error.what}")
            return
        make_private_folder(self.target.storage, "BACKUP_STORAGE_PATH")
        make_private_folder(self.target.state, "DBSYNC_STATE")
        if self._pinned:
            self.target, self.commit = self._pinned.prepare()
        self._lock = MigrationLock(self.target, self.purpose)
        self._lock.acquire()
        # Behind the lock: two starts at once must not both put the same thing right.
        self._reconcile(leave_killed)
        if self.purpose != "deploy":
            return
        preload()  # seconds of importing, beside the backup instead of after the migrations
        load_own_suites(self.target.data_rules, check_expectations=False)
        require_prisma_folder(self.target.migrations)
        require_privileges(self.target)
        created = ensure_database(self.target)
        self.id = self.journal.begin(
            self.target.name,
            database=self.target.database,
            database_created=created,
            commit=self.commit.id if self.commit else None,
            tells=bool(channels_of(self.target)),
        )
        progress.circumstances.deployment = self.id
        if self._pinned:
            self._pinned.begun(self.id)

    def _reconcile(self, leave_killed: bool = False) -> None:
        tell_untold(self.target)
        try:
            for outcome in reconcile(self.target, self.journal, leave_killed=leave_killed):
                self.reconciled.append(outcome)
                progress.say(str(outcome))
                send_notice(
                    self,
                    "reconciled",
                    str(outcome),
                    kind=kind_of(outcome.outcome),
                    about=outcome.deployment,
                )
        except RollbackFailedError as error:
            send_notice(self, error.code, str(error))
            raise

    def _drift(self) -> list[Difference]:
        assert self.status and self.backup
        # Again, but quick: where no replay can tell, it begins with the schema that is in the backup.
        self.expectation = expect(self.target, self.status, self.backup.server)
        assert self.expectation.before is not None
        with connect(self.target.endpoint) as connection:
            names = int(value(connection, "SELECT @@lower_case_table_names"))
        return compare(self.expectation.before, self.backup.manifest.schema, lower_case_table_names=names)

    def _rows_by_others(self) -> dict[str, int] | None:
        if not (self.id and self.backup and self.backup.server and self.migration):
            return None
        if not self.migration.applied_migrations:
            return None  # nothing of ours could have taken rows away
        manifest = self.backup.manifest
        return rows_by_others(
            self.target,
            self.journal.get(self.id),
            self.backup.server.installation,
            manifest.schema.tables,
            parse_version(manifest.server_version),
        )

    def free_lock(self) -> None:
        """Let others deploy; nothing that changes the target may follow."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def held_lock(self) -> MigrationLock:
        assert self._lock
        return self._lock

    def _journal(self, phase: str, **facts: Any) -> None:
        if self.id is not None:
            self.journal.record(self.id, phase, **facts)

    def _journal_callback(self, phase: str, facts: dict[str, Any]) -> None:
        self._journal(phase, **facts)

    def _timed(self, name: str, work: Callable[[], T]) -> T:
        self.require_allowed()
        begun = time.monotonic()
        try:
            with progress.phase(name):
                return work()
        except DbsyncError as error:
            self._noted(error)
            raise
        finally:
            self.spans.setdefault(name, []).append((begun, time.monotonic()))

    def _noted(self, error: E) -> E:
        """Remember the first error, for the command's exit code and the notice."""
        if self.error is None:
            self.error = error
        return error
