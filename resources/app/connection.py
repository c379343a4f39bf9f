"""Whether the release's own Prisma Client reaches the database: its account, its driver, its TLS."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import quote

from resources.app.app import App
from resources.app.node import node_folder, node_variables
from resources.child_environment import child_environment
from resources.redact import inert, redact
from resources.target import Target

_SCRIPT = Path(__file__).with_name("connection.cjs")
_SECONDS = 30.0
_NO_CLIENT = 3


def connection_problem(app: App, target: Target, release: Path) -> tuple[str, str | None]:
    """What was found, in words; and what is wrong with it, or None.

    DATABASE_URL of the release's .env is used where it is there, else the target's.
    """
    try:
        done = subprocess.run(
            [str(node_folder(app) / "node"), str(_SCRIPT)],
            cwd=release,
            env=child_environment(
                network=False, **node_variables(app), DATABASE_URL=_url(target), NO_COLOR="1"
            ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "no answer", f"the application's Prisma Client got no answer within {_SECONDS:g} s"
    if done.returncode == 0:
        return "reached through the application's Prisma Client", None
    if done.returncode == _NO_CLIENT:
        return "not asked: no generated Prisma Client that Node.js can load was found", None
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    why = inert(redact(" ".join(line.strip() for line in lines)))[-400:]
    return "not reached", f"the application's Prisma Client does not reach the database: {why}"


def _url(target: Target) -> str:
    point = target.endpoint
    login = f"{quote(point.user, safe='')}:{quote(point.password, safe='')}"
    return f"mysql://{login}@{point.host}:{point.port}/{quote(target.database, safe='')}"
