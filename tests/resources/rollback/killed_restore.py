"""Run by test_restore_into: `restore --into` that ends itself with SIGKILL behind its swap."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from resources.mysql.endpoint import Endpoint
from resources.rollback import put_back, swap
from resources.rollback.restore import restore_backup
from resources.rollback.wish import Wish
from resources.target import Target
from tests.resources.rollback.killed_rollback import die


def main() -> None:
    given = json.loads(sys.stdin.read())
    target = Target(
        endpoint=Endpoint("127.0.0.1", given["port"], "dbsync", given["password"]),
        database=given["database"],
        migrations=Path(given["migrations"]),
        storage=Path(given["storage"]),
        state=Path(given["state"]),
        tools=Path(given["tools"]),
    )
    if given["place"] == "renamed":
        swap.finish_locked = lambda *arguments: die()  # type: ignore[assignment]
    if given["place"] == "objects half done":
        put_back.equalise = lambda *arguments: die()  # type: ignore[assignment]
    restore_backup(target, given["backup"], Wish(into=given["into"]))


if __name__ == "__main__":
    main()
