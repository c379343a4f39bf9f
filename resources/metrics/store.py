"""The time series of a target: SQLite in the state folder, whole after any kill, pruned by age and size."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from resources import progress
from resources.metrics.conditions import Condition
from resources.metrics.sample import Sample, read_sample
from resources.private_folder import make_private_folder
from resources.target import Target

FINE_SECONDS = 86400.0
"""For so long every look is kept; older ones are thinned to one of five minutes, their mean."""
COARSE_SECONDS = 300.0
_PRUNED_EVERY = 600.0
_TABLES = """
CREATE TABLE IF NOT EXISTS sample (at REAL PRIMARY KEY, coarse INTEGER NOT NULL, look TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS condition (name TEXT PRIMARY KEY, area TEXT, level TEXT, since REAL, reason TEXT,
    looks INTEGER, seen TEXT, told TEXT);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value REAL);
"""


class Store:
    """Opened by several processes at once: a monitor, the sensor, a command that looks."""

    def __init__(self, target: Target) -> None:
        """Raises EnvironmentCheckError, DiskFullError where the state folder cannot be written."""
        self._policy = target.monitoring
        self.path = self.path_of(target)
        make_private_folder(target.state, "DBSYNC_STATE")
        make_private_folder(self.path.parent, "DBSYNC_STATE")
        try:
            self._db = _opened(self.path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            self._db = _begun_anew(self.path, error)

    @staticmethod
    def path_of(target: Target) -> Path:
        return target.state / "metrics" / "metrics.sqlite"

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All inside or nothing of it; others that write wait."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- looks

    def add(self, sample: Sample) -> None:
        # Not OR FAIL: two processes that look at the same microsecond are no error.
        self._db.execute("INSERT OR REPLACE INTO sample VALUES (?, 0, ?)", (sample.at, sample.as_json()))

    def newest(self) -> Sample | None:
        found = self._db.execute("SELECT look FROM sample ORDER BY at DESC LIMIT 1").fetchone()
        return read_sample(found[0]) if found else None

    def since(self, at: float) -> list[Sample]:
        """Oldest first."""
        found = self._db.execute("SELECT look FROM sample WHERE at >= ? ORDER BY at", (at,))
        return [read_sample(look) for (look,) in found]

    def series(self, names: Sequence[str], since: float) -> list[tuple[float, ...]]:
        """(time, figure, figure …) of each look, oldest first; None where it was not known. SQLite reads
        the figures itself: decoding whole looks here would be most of the work of a page.
        """
        columns = "".join(f", json_extract(look, '$.figures.{name}')" for name in names)
        return self._db.execute(
            f"SELECT at{columns} FROM sample WHERE at >= ? ORDER BY at", (since,)
        ).fetchall()

    def count(self) -> int:
        return int(self._db.execute("SELECT COUNT(*) FROM sample").fetchone()[0])

    # --- conditions

    def conditions(self) -> dict[str, Condition]:
        columns = "name, area, level, since, reason, looks, seen, told"
        return {row[0]: Condition(*row) for row in self._db.execute(f"SELECT {columns} FROM condition")}

    def replace_conditions(self, conditions: Sequence[Condition]) -> None:
        self._db.execute("DELETE FROM condition")
        self._db.executemany(
            "INSERT INTO condition VALUES (:name, :area, :level, :since, :reason, :looks, :seen, :told)",
            [asdict(one) for one in conditions],
        )

    def told(self, condition: Condition) -> None:
        """People know its level. Nothing happens where another process has moved it meanwhile."""
        self._db.execute(
            "UPDATE condition SET told = level WHERE name = ? AND level = ?",
            (condition.name, condition.level),
        )

    # --- small facts

    def due(self, what: str, every: float, now: float) -> bool:
        """Whether `what` was last done `every` seconds ago or longer; it counts as done from now on."""
        with self.transaction():
            found = self._db.execute("SELECT value FROM fact WHERE name = ?", (what,)).fetchone()
            if found and 0 <= now - found[0] < every:
                return False
            self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (what, now))
            return True

    # --- pruning

    def prune(self, now: float) -> None:
        """Every ten minutes: thin what is older than a day, remove what is too old or too much."""
        if not self.due("prune", _PRUNED_EVERY, now):
            return
        with self.transaction():
            self._db.execute("DELETE FROM sample WHERE at < ?", (now - self._policy.keep,))
            self._thin(now - FINE_SECONDS)
        while self._bytes() > self._policy.largest and self.count() > 1:
            self._db.execute(
                "DELETE FROM sample WHERE at IN (SELECT at FROM sample ORDER BY at LIMIT ?)",
                (max(1, self.count() // 10),),
            )
        self._db.execute("PRAGMA incremental_vacuum")

    def _thin(self, before: float) -> None:
        fine = self._db.execute(
            "SELECT CAST(at / ? AS INTEGER), look FROM sample WHERE coarse = 0 AND at < ? ORDER BY at",
            (COARSE_SECONDS, before),
        ).fetchall()
        buckets: dict[int, list[Sample]] = {}
        for bucket, look in fine:
            buckets.setdefault(bucket, []).append(read_sample(look))
        for samples in buckets.values():
            self._db.executemany("DELETE FROM sample WHERE at = ?", [(one.at,) for one in samples])
            mean = _mean(samples)
            self._db.execute("INSERT OR REPLACE INTO sample VALUES (?, 1, ?)", (mean.at, mean.as_json()))

    def _bytes(self) -> int:
        pages, free, size = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size


def _mean(samples: Sequence[Sample]) -> Sample:
    names = {name for one in samples for name in one.figures}
    figures: dict[str, float | None] = {}
    for name in names:
        known = [value for one in samples if (value := one.figures.get(name)) is not None]
        figures[name] = round(fmean(known), 5) if known else None
    return Sample(at=samples[0].at, figures=figures)


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        # After a power cut the last looks may be missing, and the file is whole.
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA journal_size_limit = 1000000")
        db.executescript(_TABLES)
        path.chmod(0o600)
    except BaseException:
        db.close()
        raise
    return db


def _begun_anew(path: Path, error: Exception) -> sqlite3.Connection:
    """Figures of the past are worth no failing: what cannot be read is set aside."""
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.replace(path.with_name(f"{path.name}.damaged{suffix}"))
    progress.say(f"the store of the monitoring cannot be read ({error}); it is begun anew, the old one kept")
    return _opened(path)


@contextmanager
def opened_store(target: Target) -> Iterator[Store]:
    with closing(Store(target)) as store:
        yield store
