"""The application's release: node, pm2, the folder of the releases, its name in PM2."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from resources.app.node import node_folder, node_variables, pm2_program
from resources.app.releases import Releases
from resources.app.start import in_place
from resources.child_environment import child_environment
from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding
from resources.pm2 import Pm2
from resources.redact import inert

OLDEST_NODE = (18, 0)


@check("application: node", "machine")
def node(patient: Patient) -> Iterator[Finding]:
    """What is missing is raised, and becomes the finding."""
    app = patient.target.app
    if app is None:
        return
    done = subprocess.run(
        [str(node_folder(app) / "node"), "--version"],
        env=child_environment(network=False, **node_variables(app)),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    version = inert(done.stdout.strip())
    numbers = tuple(int(part) for part in version.lstrip("v").split(".")[:2] if part.isdigit())
    old = numbers < OLDEST_NODE
    yield Finding(
        "application: node",
        "fail" if old else "ok",
        f"Node.js {version or 'does not run'} in {node_folder(app)}",
        f"install Node.js {OLDEST_NODE[0]} or later, or set NODE" if old else None,
    )


@check("application: pm2", "machine")
def pm2(patient: Patient) -> Iterator[Finding]:
    app = patient.target.app
    if app is None:
        return
    program = pm2_program(app)
    listing = Pm2(app).listing()
    if listing.unknown:
        yield Finding(
            "application: pm2", "warn", f"{program}; {listing.unknown}", "the first release starts it"
        )
        return
    for one in listing.processes:
        if not in_place(app, one):
            yield Finding(
                "application: pm2",
                "fail",
                f"`{one.name}` runs from {one.cwd}, not from {app.current}",
                f"once, with the application down in between: pm2 delete {one.name}; dbsync deploy",
            )
            return
    missing = set(app.names) - {one.name for one in listing.processes}
    said = f"not known to it yet: {', '.join(sorted(missing))}" if missing else f"runs {', '.join(app.names)}"
    yield Finding("application: pm2", "warn" if missing else "ok", f"{program}; {said}")


@check("application: folder", "machine")
def folder(patient: Patient) -> Iterator[Finding]:
    """Makes nothing: the first release does."""
    app = patient.target.app
    if app is None:
        return
    releases = Releases(app)
    place = next(one for one in (app.folder, *app.folder.absolute().parents) if one.exists())
    writable = os.access(place, os.W_OK | os.X_OK)
    yield Finding(
        "application: folder",
        "ok" if writable else "fail",
        f"{len(releases.whole())} releases in {releases.folder}, current: {releases.current() or 'none'}"
        + ("" if writable else f"; this user may not write into {place}"),
        None if writable else f"make {place} writable for this user, or set APP_FOLDER",
    )
