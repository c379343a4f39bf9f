"""The moments of the past that can be asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from resources.errors import MomentError, UsageError
from resources.mysql.binlog_event import utc_time
from resources.mysql.gtid_set import GtidSet
from resources.redact import inert

LATEST = "latest"


@dataclass(frozen=True)
class Moment:
    """What was asked for. `END` is the end of the named backup itself."""

    kind: str
    """end, latest, time, gtid or migration."""
    text: str = ""
    time: int = 0
    """Of kind time: microseconds since 1970, UTC."""
    gtids: GtidSet = field(default_factory=GtidSet)

    def __str__(self) -> str:
        return {
            "end": "the end of the backup",
            "latest": "the end of the server's binary log",
            "time": self.text,
            "gtid": f"GTIDs {self.text}",
            "migration": f"just before migration {inert(self.text)}",
        }[self.kind]

    def as_options(self) -> list[str]:
        """What asks `dbsync restore` for it again."""
        option = {"latest": "--to", "time": "--to", "gtid": "--to-gtid", "migration": "--to-before-migration"}
        return [option[self.kind], self.text or LATEST] if self.kind in option else []


END = Moment("end")


def parse_moment(to: str = "", to_gtid: str = "", to_before_migration: str = "") -> Moment | None:
    """The moment that the options of `dbsync restore` name; None without any.

    Raises UsageError, MomentError.
    """
    if sum(map(bool, (to, to_gtid, to_before_migration))) > 1:
        raise UsageError(
            "give only one of --to, --to-gtid, --to-before-migration", hint="dbsync restore --help"
        )
    if to_gtid:
        try:
            gtids = GtidSet.parse(to_gtid)
        except ValueError as error:
            raise UsageError("--to-gtid is no GTID set", why=str(error), hint=_HINT) from error
        if not gtids:
            raise UsageError("--to-gtid is empty", hint=_HINT)
        return Moment("gtid", str(gtids), gtids=gtids)
    if to_before_migration:
        return Moment("migration", to_before_migration)
    if to == LATEST:
        return Moment("latest")
    return _time(to) if to else None


_HINT = 'as the server prints it: mysql -e "SELECT @@gtid_executed"'


def _time(text: str) -> Moment:
    hint = 'dbsync restore ID --to "2026-11-23 14:05:00Z"'
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"--to {text[:60]!r} is no time", why=str(error), hint=hint) from error
    if moment.tzinfo is None:
        # The server's zone, this machine's, or the reader's: guessing wrong costs hours of data.
        raise UsageError(
            f"--to {text[:60]!r} does not say in which time zone", hint=f"{hint}, or with +08:00 at its end"
        )
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise MomentError(
            f"--to {text[:60]!r} is a time that no backup can be of",
            why="in UTC it is not in the years 1 to 9999",
            hint=hint,
        ) from error
    microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // datetime.resolution
    return Moment("time", utc_time(microseconds), time=microseconds)
