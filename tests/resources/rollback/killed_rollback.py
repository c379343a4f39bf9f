"""Run by test_killed: a rollback that ends itself with SIGKILL at a named place."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from resources.journal import Journal
from resources.mysql.endpoint import Endpoint
from resources.mysql.get import get_mysql
from resources.mysql.server import PrivateServer
from resources.rollback import put_back, swap
from resources.rollback.rollback import roll_back
from resources.target import Target


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MortalJournal(Journal):
    def __init__(self, storage: Path, at: str) -> None:
        super().__init__(storage)
        self._at = at

    def record(self, deployment: str, phase: str, **facts: Any) -> None:
        super().record(deployment, phase, **facts)
        if self._at in (phase, facts.get("step")):
            die()


def main() -> None:
    given = json.loads(sys.stdin.read())
    place = given["place"]
    endpoint = Endpoint("127.0.0.1", given["port"], "dbsync", given["password"])
    target = Target(
        endpoint=endpoint,
        database=given["database"],
        migrations=Path(given["migrations"]),
        storage=Path(given["storage"]),
        state=Path(given["state"]),
        tools=Path(given["tools"]),
    )
    source = PrivateServer.on_datadir(get_mysql(target.tools), Path(given["source"]))
    if place == "keys dropped":
        swap._renames = lambda *arguments: [die()]  # type: ignore[assignment,list-item]
    if place == "renamed":
        swap.finish_locked = lambda *arguments: die()  # type: ignore[assignment]
    if place == "objects half done":
        put_back.equalise = lambda *arguments: die()  # type: ignore[assignment]
    roll_back(
        target, MortalJournal(target.storage, place), given["deployment"], source=source, reason="a test"
    )


if __name__ == "__main__":
    main()
