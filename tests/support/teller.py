"""`python -m tests.support.teller WHAT STORAGE URL`: another process that tells people.

WHAT is `announce`, or `deliver`: everything that is due.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from resources.child_environment import child_environment
from resources.mysql.endpoint import Endpoint
from resources.notify.announce import announce
from resources.notify.deliver import deliver_due
from resources.notify.event import Event
from resources.notify.plan import Channel, Notify
from resources.settings import CHECKOUT
from resources.target import Target


def start(what: str, storage: Path, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.support.teller", what, str(storage), url],
        env=child_environment(PYTHONPATH=str(CHECKOUT)),
        stdout=subprocess.PIPE,
        text=True,
    )


def main(what: str, storage: str, url: str) -> None:
    folder = Path(storage)
    plan = Notify((Channel("slack", "slack", url),), rate=(1000, 60.0), allow_private=("127.0.0.0/8",))
    target = Target(Endpoint("db", 3306, "app", ""), "shop", folder, folder, folder, folder, notify=plan)
    if what == "announce":
        announce(target, Event("failure", "a deployment", "failed", {}, "dbsync status"), seconds=60)
    else:
        print(len(deliver_due(target, seconds=30)))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
