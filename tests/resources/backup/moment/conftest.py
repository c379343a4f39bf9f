"""The fixtures of incremental backups, and a way to remember what a database was like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from resources.backup.moment.moment import Moment
from resources.backup.moment.plan import Plan
from resources.backup.point_in_time import Opened, opened_at, plan_at
from resources.mysql.connection import Connection, value
from tests.resources.backup.conftest import World, world
from tests.resources.backup.incremental.conftest import DATABASE, origin, shop, sql, write

__all__ = ["origin", "shop", "sql", "write"]


@dataclass(frozen=True)
class Then:
    """A control: what the database was like, and when that was by the server's own account."""

    world: World
    time: str
    gtids: str


@pytest.fixture
def remember(origin, sql: Connection) -> Callable[[], Then]:
    def now() -> Then:
        seen = world(origin.target.endpoint, DATABASE)
        time, gtids = (
            str(value(sql, text))
            for text in (
                "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')",
                "SELECT @@gtid_executed",
            )
        )
        return Then(seen, time, gtids.replace("\n", ""))

    return now


@pytest.fixture
def open_at(shop, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open the database as it was; the private server ends with the test."""
    opened: list[Opened] = []

    def at(moment: Moment, backup_id: str = "", target=shop) -> Opened:
        opened.append(opened_at(target, backup_id, moment, tmp_path / f"opened-{len(opened)}"))
        return opened[-1]

    yield at
    for one in opened:
        one.server.kill()


@pytest.fixture
def plan(shop, tmp_path: Path) -> Callable[..., Plan]:
    def at(moment: Moment | None, backup_id: str = "", target=shop, **more) -> Plan:
        assert moment
        return plan_at(target, backup_id, moment, tmp_path / "logs", **more)

    return at


def down(target):
    """The same target, its server gone."""
    return replace(target, endpoint=replace(target.endpoint, port=1))
