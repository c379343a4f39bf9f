"""The two acts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbsync_assets.cli.output import say
from dbsync_assets.demo.stage import DATABASE, Stage, set_stage
from dbsync_assets.run_job import run_job
from resources.deployment.deployment import Deployment
from resources.deployment.record import evidence
from resources.errors import DbsyncError, MigrationFailedError
from resources.git.commit import current_commit
from resources.mysql.connection import connect
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.schema import read_schema


@dataclass(frozen=True)
class State:
    """Everything of a database that a rollback must bring back."""

    schema: str
    digests: dict[str, TableDigest]

    @property
    def rows(self) -> int:
        return sum(digest.rows for digest in self.digests.values())


@dataclass(frozen=True)
class Played:
    stage: Stage
    good: Deployment
    bad: Deployment
    after: State
    """As act two left the database, which is as it found it."""
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        acts = [evidence(one, one.outcome) for one in (self.good, self.bad)]
        return {
            "acts": acts,
            "rows": self.after.rows,
            "seconds": round(self.seconds, 3),
            "project": str(self.stage.project),
        }


def play(folder: Path, rows: int, *, as_json: bool = False) -> Played:
    """Both acts. Raises DbsyncError when one does not end as it must."""
    begun = time.monotonic()
    title: Callable[..., None] = (lambda *_: None) if as_json else say
    stage = set_stage(folder, rows)
    try:
        title("")
        title("Act one: a good release of three migrations", "bold")
        stage.add_good_release()
        good = _release(stage, title)
        if good.error:
            raise good.error
        title("")
        title("Act two: a release that fails on real rows", "bold")
        before = _state(stage)
        stage.add_bad_release()
        bad = _release(stage, title)
        after = _state(stage)
        _require_rolled_back(bad, before, after)
    finally:
        stage.server.stop()
    return Played(stage, good, bad, after, time.monotonic() - begun)


def _release(stage: Stage, title: Callable[..., None]) -> Deployment:
    deployment = Deployment(stage.target, commit=current_commit(stage.project, stage.target.migrations))
    try:
        run_job("deploy", deployment, stage.settings)
    except DbsyncError as error:
        title(f"✗ {error}", "red")
    finally:
        deployment.close()
    return deployment


def _state(stage: Stage) -> State:
    with connect(stage.target.endpoint, DATABASE) as connection:
        schema = read_schema(connection, DATABASE).digest
    return State(schema, table_digests(stage.target.endpoint, DATABASE))


def _require_rolled_back(bad: Deployment, before: State, after: State) -> None:
    if not isinstance(bad.error, MigrationFailedError) or bad.outcome != "rolled_back" or before != after:
        raise DbsyncError(
            "the bad release did not end as it must",
            why=f"outcome {bad.outcome}, states equal: {before == after}",
        ) from bad.error
