"""Where in the binary log a moment is: told each transaction in order, it says when to stop."""

from __future__ import annotations

from resources.backup.incremental.since import is_earlier
from resources.backup.manifest import Manifest
from resources.backup.moment.base import EarlierMomentError
from resources.backup.moment.moment import Moment
from resources.errors import MomentError
from resources.mysql.binlog_event import utc_time
from resources.mysql.binlog_transactions import Transaction
from resources.mysql.gtid_set import GtidSet
from resources.redact import inert


class Stop:
    """Replaying everything; the other kinds end earlier."""

    needs_all = False
    """Whether it must be told what comes after the moment, too."""

    def before(self, one: Transaction) -> bool:
        """Whether this transaction is the first one too many."""
        del one
        return False

    def after(self, one: Transaction) -> bool:
        """Whether this transaction is the last one."""
        del one
        return False

    def complete(self) -> None:
        """All there is was told. Raises MomentError when the moment was not among it."""


class StopAtTime(Stop):
    """Commit times are the server's, in the order of the log; the first one that is later ends it."""

    def __init__(self, time: int) -> None:
        self._time = time

    def before(self, one: Transaction) -> bool:
        return one.committed > self._time


class StopAtGtids(Stop):
    """As soon as all that are wanted were told. One single GTID means: everything up to it."""

    def __init__(self, wanted: GtidSet, in_backup: GtidSet) -> None:
        self._wanted = wanted
        self._single = len(wanted) == 1
        self._left = wanted.minus(in_backup)
        self._missing = len(self._left)
        self._others = GtidSet()

    def before(self, one: Transaction) -> bool:
        if not self._missing:
            return True
        gtid = one.gtid
        if not gtid.number:
            raise MomentError(
                "the binary log has no GTIDs here",
                where=f"{one.file}:{one.start}",
                hint='dbsync restore ID --to "2026-11-23 14:05:00Z"',
            )
        if not self._wanted.has(gtid.source, gtid.number):
            self._others.add(gtid.source, gtid.number)
        return False

    def after(self, one: Transaction) -> bool:
        if not self._left.has(one.gtid.source, one.gtid.number):
            return False
        self._missing -= 1
        if self._missing:
            return False
        if self._others and not self._single:
            raise MomentError(
                "the server was never in a state that has exactly these transactions",
                where=f"--to-gtid {self._wanted}",
                why=f"logged before the last of them: {self._others}",
                hint=f"with them: dbsync restore ID --to-gtid {one.gtid_text}",
            )
        return True

    def complete(self) -> None:
        if self._missing:
            raise MomentError(
                f"{self._missing:,} of the transactions of --to-gtid are in no binary log that is left",
                where=str(self._wanted),
                why=f"not in the backup: {self._left}",
                hint="dbsync restore ID --to latest --dry-run",
            )


class StopBeforeMigration(Stop):
    """Before the transaction that wrote the migration's row into Prisma's table."""

    needs_all = True

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[Transaction] = []
        self._seen: dict[str, Transaction] = {}

    def before(self, one: Transaction) -> bool:
        for name in one.migrations:
            self._seen.setdefault(name, one)
        if self._name not in one.migrations:
            return False
        self._found.append(one)
        return len(self._found) == 1

    def complete(self) -> None:
        if not self._found:
            listed = [f"{inert(name)} ({utc_time(one.committed)})" for name, one in self._seen.items()]
            raise EarlierMomentError(
                f"migration {inert(self._name)} was not begun since that backup",
                why="begun since: " + ("; ".join(listed[-20:]) or "none"),
                hint="an older backup, if it was begun before: dbsync backups list",
            )
        if len(self._found) > 1:
            listed = [f"{utc_time(one.committed)} {one.gtid_text}".strip() for one in self._found]
            raise MomentError(
                f"migration {inert(self._name)} was begun {len(self._found)} times since that backup",
                why="; ".join(listed),
                hint=f'say which: dbsync restore ID --to "{utc_time(self._found[0].committed - 1)}"',
            )


class StopAtEnd(Stop):
    """Where a backup ends."""

    def __init__(self, file: str, position: int) -> None:
        self._file, self._position = file, position

    def before(self, one: Transaction) -> bool:
        if one.file == self._file:
            return one.start >= self._position
        return is_earlier(self._file, one.file)


def stop_at(moment: Moment, named: Manifest, in_backup: GtidSet) -> Stop:
    """`named`: the backup whose end is meant by kind end; `in_backup`: the transactions that the full
    backup holds already. Raises MomentError.
    """
    if moment.kind == "end":
        return StopAtEnd(named.binlog_file, named.binlog_position)
    if moment.kind == "time":
        return StopAtTime(moment.time)
    if moment.kind == "migration":
        return StopBeforeMigration(moment.text)
    if moment.kind != "gtid":
        return Stop()
    single = len(moment.gtids) == 1
    too_many = in_backup.minus(moment.gtids) if not single else GtidSet()
    if too_many or (single and moment.gtids <= in_backup):
        raise MomentError(
            "the backup is of a later moment than --to-gtid",
            where=str(too_many or moment.gtids),
            why="it holds these transactions already",
            hint="an older backup: dbsync backups list",
        )
    return StopAtGtids(moment.gtids, in_backup)
