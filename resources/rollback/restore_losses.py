"""What was written since the backup and would leave the database with a restore: counted, named, judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pymysql

from resources import progress
from resources.backup.manifest import Manifest
from resources.errors import RestoreRefusedError
from resources.journal import DeploymentRecord, Journal
from resources.mysql.binlog_text import CannotTellError
from resources.mysql.connection import Connection, connect, is_denied, rows, value
from resources.mysql.installation import MysqlInstallation, parse_version
from resources.mysql.schema import table_names
from resources.rollback.objects import object_names, table_text
from resources.rollback.sessions import Ownership
from resources.rollback.touched import ChangeLog, UserWrites, user_writes
from resources.rollback.unchanged import Seen, counts_everything, is_unwritten, look_at
from resources.target import Target

_KEPT = "what is there now is kept beside it until: dbsync restore finish"


@dataclass(frozen=True)
class Since:
    """The state that comes back: what the binary log holds from there on is what may be lost."""

    backup_id: str
    file: str
    position: int
    moment: datetime
    """Sessions of deployments and restores that began before it are not known to be dbsync's any more."""
    texts: Mapping[str, str]
    """Table → `SHOW CREATE TABLE`, as in the full backup."""

    @classmethod
    def of(cls, base: Manifest, file: str = "", position: int = 0, last: int = 0) -> Since:
        """Of a full backup, or of what was replayed on it up to `file`, `position`.

        `last`: the commit time of the last transaction of that, in microseconds since 1970; 0: none.
        """
        moment = datetime.fromisoformat(base.timestamp)
        if last:
            moment = max(moment, datetime.fromtimestamp(last / 1_000_000, UTC))
        return cls(
            base.id,
            file or base.binlog_file,
            position or base.binlog_position,
            moment,
            base.schema.tables,
        )


class Losses:
    """`tables`: those that are restored; None: all of the database.

    `accepts`: a person said that the rows may go. `elsewhere`: why the binary log of this
    server says nothing about the backup, which was accepted by naming the target.
    """

    def __init__(
        self,
        target: Target,
        since: Since,
        installation: MysqlInstallation,
        journals: Collection[Journal],
        aside: str,
        *,
        tables: Collection[str] | None,
        accepts: bool,
        command: str,
        elsewhere: str = "",
    ) -> None:
        self._target, self._since, self._installation = target, since, installation
        self._journals, self._aside, self._tables = journals, aside, tables
        self._accepts = accepts or not target.policy.preserve_user_data
        self._command = command
        self._elsewhere = elsewhere
        self._log: ChangeLog | None = None
        self._known: dict[str, Seen] | None = None
        self._objects: set[tuple[str, str]] = set()
        self._writes, self._blind = UserWrites(), elsewhere

    @property
    def lost(self) -> dict[str, object]:
        return self._writes.as_dict() if self._writes else {}

    @property
    def note(self) -> str:
        """In words, for the result; "" where nothing is lost."""
        if self._blind:
            return f"what was written since the backup was not counted: {self._blind}"
        return f"written since the backup, now in `{self._aside}`: {self._writes}" if self._writes else ""

    def look(self) -> None:
        """Count and say it. Raises RestoreRefusedError where that is not accepted."""
        with connect(self._target.endpoint) as connection:
            names = table_names(connection, self._target.database)
            if not set(names) & set(self._tables if self._tables is not None else names):
                self._blind = ""
                return  # nothing is replaced
            self._read_texts(connection, names)
            self._remember(connection)
        if not self._elsewhere:
            self._read_log()
            self._count()
        self._judge({})
        if self._blind:
            progress.say(f"what was written since the backup cannot be counted: {self._blind}")
        elif self._writes:
            progress.say(f"written since the backup, and about to leave the database: {self._writes}")
        else:
            progress.say("nothing was written to its tables since the backup")

    def look_again(self) -> None:
        """When all is ready and no lock is held: what restoring has logged itself is read now."""
        self._catch_up()
        self._judge({})

    def last_look(self, orphans: Mapping[str, int]) -> dict[str, Any]:
        """Under the tables' locks. Returns what the marker is to keep; raises RestoreRefusedError."""
        self._catch_up()
        self._judge(orphans)
        return {"lost": self.lost, "blind": self._blind}

    # --- inside -----------------------------------------------------------------------

    def _read_texts(self, connection: Connection, names: list[str]) -> None:
        database = self._target.database
        self._version = parse_version(str(value(connection, "SELECT VERSION()")))
        present = {name: table_text(connection, database, name) for name in names}
        self._texts = {**self._since.texts, **present}
        self._objects = object_names(connection, database, self._tables)

    def _read_log(self) -> None:
        try:
            self._log = ChangeLog.since(
                self._target.endpoint,
                self._installation,
                self._target.database,
                self._since.file,
                self._since.position,
            )
        except CannotTellError as error:
            self._blind = str(error)

    def _remember(self, connection: Connection) -> None:
        """What the server has counted of each table, where that says all. Before the log is read."""
        known = look_at(connection, self._target.database) if counts_everything(connection) else None
        # What they have counted already may come into the log later.
        self._known = known if known is not None and not _open_transactions(connection) else None

    def _catch_up(self) -> None:
        if self._log is None:
            return
        try:
            with connect(self._target.endpoint) as connection:
                if self._is_unwritten(connection):
                    return
                self._remember(connection)
            self._log.catch_up()
            self._count()
        except CannotTellError as error:
            self._blind = str(error)

    def _is_unwritten(self, connection: Connection) -> bool:
        """Whether nobody wrote to the database since the log was read, by the server's own counters."""
        if self._known is None or not counts_everything(connection):
            return False
        if object_names(connection, self._target.database, self._tables) - self._objects:
            return False
        now = look_at(connection, self._target.database)
        return now.keys() == self._known.keys() and all(
            is_unwritten(self._known[name], seen) for name, seen in now.items()
        )

    def _count(self) -> None:
        if self._log is None:
            return
        wanted = self._texts if self._tables is None else self._tables
        try:
            ownership = self._ownership()
            ownership.deployment_sessions(self._log.changes.starts)
            ownership.put_back_sessions(self._log.changes.starts)
        except CannotTellError:
            ownership = Ownership((), (), same_clock=True)  # then everything counts as a user's
        self._writes = user_writes(
            self._log.changes,
            ownership,
            self._target.database,
            self._texts,
            wanted,
            self._version,
            self._objects,
        )

    def _ownership(self) -> Ownership:
        """Of all deployments, rollbacks and restores since the backup: what they wrote is no user's."""
        entries = [
            entry
            for journal in self._journals
            for entry in journal.all()
            if entry.target == self._target.name and self._is_since(entry)
        ]
        same_clock = self._target.endpoint.is_local
        found = [Ownership.of(entry, same_clock=same_clock) for entry in entries]
        return Ownership(
            tuple(one for ownership in found for one in ownership.deployment),
            tuple(one for ownership in found for one in ownership.put_back),
            same_clock,
        )

    def _is_since(self, entry: DeploymentRecord) -> bool:
        """Thread numbers of before are given out anew after a restart that the log does not show."""
        if entry.facts.get("backup_id") == self._since.backup_id:
            return True
        return bool(entry.begun_at) and datetime.fromisoformat(entry.begun_at) >= self._since.moment

    def _judge(self, orphans: Mapping[str, int]) -> None:
        self._writes = replace(self._writes, orphans=orphans)
        if self._accepts:
            return
        if self._writes:
            raise RestoreRefusedError(
                "restoring would lose what was written since the backup; nothing was changed",
                where=self._target.name,
                why=str(self._writes),
                hint=f"{self._command} --accept-loss   ({_KEPT})"
                + ("\n     or: restore the tables that they point at too (--tables)" if orphans else ""),
            )
        if self._blind and not self._elsewhere:
            raise RestoreRefusedError(
                "it cannot be told whether rows were written since the backup; nothing was changed",
                where=self._target.name,
                why=self._blind,
                hint=f"{self._command} --accept-loss   ({_KEPT})",
            )


def _open_transactions(connection: Connection) -> bool:
    """Whether somebody's changes are not committed yet; True where that may not be known."""
    try:
        sql = "SELECT 1 FROM information_schema.innodb_trx WHERE trx_rows_modified > 0 LIMIT 1"
        return bool(rows(connection, sql))
    except pymysql.err.MySQLError as error:
        if is_denied(error):
            return True
        raise
