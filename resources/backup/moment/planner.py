"""Finds a moment in the binary logs after a full backup."""

from __future__ import annotations

from datetime import datetime

from resources import progress
from resources.backup.catalog import corrupt
from resources.backup.incremental.since import Continuation
from resources.backup.manifest import Manifest
from resources.backup.moment.base import EarlierMomentError
from resources.backup.moment.logs import SERVER, LogFile, Logs
from resources.backup.moment.moment import Moment
from resources.backup.moment.plan import Plan, Run
from resources.backup.moment.stop import Stop, stop_at
from resources.errors import BackupFailedError, DbsyncError, MomentError
from resources.mysql.binlog_event import utc_time
from resources.mysql.binlog_file import BinlogDamagedError
from resources.mysql.binlog_transactions import Transaction
from resources.mysql.gtid_set import GtidSet
from resources.target import Target


def make_plan(
    target: Target, base: Manifest, named: Manifest, moment: Moment, logs: Logs, *, whole: bool
) -> Plan:
    """Read the logs after `base` up to the moment; with `whole`, to the server's end.

    `named`: the backup whose end is meant where no other moment is. Raises MomentError when the
    moment is not in the logs or they end before it, BackupCorruptError, ChainBrokenError.
    """
    planner = _Planner(target, base, named, moment, logs, whole)
    with progress.step(f"look for {moment} in the binary logs"):
        return planner.run()


class _Planner:
    def __init__(
        self, target: Target, base: Manifest, named: Manifest, moment: Moment, logs: Logs, whole: bool
    ) -> None:
        self._target, self._logs, self._named, self._whole = target, logs, named, whole
        folded = base.server_variables.get("lower_case_table_names", "0") != "0"
        history = base.database if moment.kind == "migration" else None
        self._continuation = Continuation(base, history_of=history, folded=folded)
        self._plan = Plan(base, moment, {}, Run(), Run(), GtidSet())
        self._stop: Stop | None = None
        self._passed = False
        self._last: LogFile | None = None

    def run(self) -> Plan:
        base = self._plan.base
        if self._plan.moment.kind == "end" and self._named.id == base.id and not self._whole:
            self._plan.base_gtids = GtidSet.parse(base.gtid_executed)
            return self._plan  # no log is needed, and a damaged one must not stand in the way
        for file in self._logs.stored():
            self._read(file)
            if self._done:
                break
        else:
            if self._whole or not self._settled:
                self._read_server()
        return self._finish()

    @property
    def _done(self) -> bool:
        """No further file can change anything that was asked."""
        return self._passed and not self._whole and not (self._stop and self._stop.needs_all)

    @property
    def _settled(self) -> bool:
        """What is stored is enough to know where the moment is."""
        moment = self._plan.moment
        if moment.kind == "end":
            return True
        if moment.kind == "time":
            return self._passed or self._logs.stored_until * 1_000_000 >= moment.time
        return self._passed and moment.kind == "gtid"

    def _read(self, file: LogFile) -> None:
        begin = 4
        if self._last is not None and self._last.name == file.name:
            begin = self._last.length  # it was stored while the server still wrote to it
        self._last = self._plan.files[file.name] = file
        try:
            with file.path.open("rb") as stream:
                for one in self._continuation.transactions(file.name, stream, file.length, begin):
                    if self._stop is None:
                        self._stop = self._new_stop()
                    if not self._passed:
                        self._passed = self._stop.before(one)
                        if not self._passed:
                            self._require_rows(one)
                            self._plan.replayed.add(one)
                            self._passed = self._stop.after(one)
                            continue
                    elif self._stop.needs_all:
                        self._stop.before(one)
                    self._plan.later.add(one)
                    if self._done:
                        return
        except BinlogDamagedError as error:
            raise self._damaged(file, error) from error

    def _require_rows(self, one: Transaction) -> None:
        if one.brings_files:
            raise MomentError(
                f"{self._plan.moment} lies behind tables that came as files, as a restore brings them",
                where=f"{one.file} at {one.start}, {utc_time(one.committed)}",
                why="those rows are in no binary log, so it cannot be replayed",
                hint="dbsync backups list   (name a full backup from after that)",
            )

    def _new_stop(self) -> Stop:
        """Only now is it known what a backup by dump holds."""
        return stop_at(self._plan.moment, self._named, self._continuation.start_gtids)

    def _damaged(self, file: LogFile, error: BinlogDamagedError) -> DbsyncError:
        why = f"expected {error.expected}, actual {error.actual}"
        if file.of != SERVER:
            return corrupt(self._target.storage, file.of, file.name, why)
        return BackupFailedError(
            f"binary log {file.name} of the server is damaged", where=str(self._target.endpoint), why=why
        )

    def _read_server(self) -> None:
        plan = self._plan
        try:
            for file in self._logs.on_server():
                self._read(file)
                if self._done:
                    return
            plan.later_known = True
        except DbsyncError as error:
            if isinstance(error, MomentError):
                raise
            if self._settled or self._passed:
                plan.notes.append(f"what the server wrote later is not known: {error.what}")
                return
            last = self._logs.last
            raise MomentError(
                f"{plan.moment} is not in what is stored, and the server's own binary log cannot be read",
                where=f"stored up to {last.binlog_file}:{last.binlog_position} ({last.timestamp})",
                why="; ".join(filter(None, [error.what, error.why])),
                hint=f"what is stored: dbsync restore {last.id} --private",
            ) from error

    def _finish(self) -> Plan:
        plan, moment = self._plan, self._plan.moment
        plan.base_gtids = self._continuation.start_gtids
        stop = self._stop or self._new_stop()
        stop.complete()
        if moment.kind == "time":
            self._require_within(moment.time)
        return plan

    def _require_within(self, time: int) -> None:
        base, now = self._plan.base, self._logs.server_now
        if now and time > now * 1_000_000:
            raise MomentError(
                "--to lies in the future", where=utc_time(time), hint="dbsync restore ID --to latest"
            )
        holds = self._continuation.parent_last
        begun = int(datetime.fromisoformat(base.timestamp).timestamp() * 1_000_000)
        if holds > time or (not holds and begun > time):
            raise EarlierMomentError(
                f"backup {base.id} is of a later moment than --to",
                where=utc_time(time),
                why=f"it holds transactions up to {utc_time(holds or begun)}",
                hint="an older backup: dbsync backups list",
            )
