"""Where node, npm and pm2 are: a shell that nobody logged in to has no PATH of nvm's."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from resources.app.app import App
from resources.child_environment import child_environment
from resources.errors import EnvironmentCheckError

_PLACES = (
    "~/.nvm/versions/node/*/bin",
    "~/.local/share/fnm/node-versions/*/installation/bin",
    "~/.volta/bin",
    "~/.asdf/shims",
    "~/n/bin",
    "/usr/local/bin",
    "/opt/*/bin",
)


def node_folder(app: App) -> Path:
    """The folder with node. Raises EnvironmentCheckError."""
    if app.node is not None:
        if not os.access(app.node / "node", os.X_OK):
            raise EnvironmentCheckError(
                "node is not in the folder that NODE names", where=str(app.node), hint="dirname $(which node)"
            )
        return app.node
    if found := shutil.which("node"):
        return Path(found).parent
    for place in map(os.path.expanduser, _PLACES):
        root = Path(place.split("*")[0])
        folders = (
            sorted(root.glob(place[len(str(root)) + 1 :]), key=_version) if "*" in place else [Path(place)]
        )
        for folder in reversed(folders):
            if os.access(folder / "node", os.X_OK):
                return folder
    raise EnvironmentCheckError(
        "node was not found",
        why="it is not on PATH, which a shell without login has not from nvm, nor where nvm, fnm, volta or "
        "asdf put it",
        hint="log in as the application's user, type: dirname $(which node)   and set NODE to what it says",
    )


def pm2_program(app: App) -> Path:
    """The pm2 to use. Raises EnvironmentCheckError."""
    if app.pm2 is not None:
        if not os.access(app.pm2, os.X_OK):
            raise EnvironmentCheckError("PM2 names no program", where=str(app.pm2), hint="which pm2")
        return app.pm2
    beside = node_folder(app) / "pm2"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("pm2")
    if found is None:
        raise EnvironmentCheckError(
            "pm2 was not found",
            where=str(beside.parent),
            why="it is neither beside node nor on PATH",
            hint="npm install --global pm2   or set PM2 to the path that `which pm2` says when logged in",
        )
    return Path(found)


def node_variables(app: App) -> dict[str, str]:
    """What npm, node and pm2 need beside `child_environment`: node's folder first on PATH, PM2's folder."""
    path = child_environment().get("PATH", os.defpath)
    return {"PATH": f"{node_folder(app)}{os.pathsep}{path}", "PM2_HOME": str(app.pm2_home)}


def _version(folder: Path) -> tuple[int, ...]:
    found = re.search(r"v?(\d+)\.(\d+)\.(\d+)", str(folder))
    return tuple(map(int, found.groups())) if found else ()
