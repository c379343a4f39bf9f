"""The switch to a release, and whether it came up: PM2's word for that is not enough."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from resources import progress
from resources.app.app import App
from resources.app.connection import connection_problem
from resources.app.releases import Releases
from resources.durable_file import write_durably
from resources.errors import AppStartError, HealthFailedError
from resources.health.application import check_application
from resources.pm2 import ONLINE, Pm2, Process
from resources.target import Target

_POLL = 0.5
_ECOSYSTEM = Path(__file__).with_name("ecosystem.cjs")


def switch_to(app: App, release: str) -> None:
    """`release` is what PM2 runs, in the one state that it reloads from. Raises AppStartError.

    A process that is not online, or not for long, serves nobody: it is taken out and started anew, since
    PM2's reload of such a one may keep what it was, and count its end as a crash of the new one.
    """
    releases, pm2 = Releases(app), Pm2(app)
    releases.switch(release)
    found = pm2.listing().processes
    if not all(one.status == ONLINE and not one.unstable_restarts and in_place(app, one) for one in found):
        pm2.delete()
    pm2.start_or_reload(_written(app))


def in_place(app: App, process: Process) -> bool:
    """Whether a reload of it runs what `current` names."""
    return Path(process.cwd).is_relative_to(app.current)


def require_well(app: App, target: Target, release: str) -> dict[str, Any]:
    """Wait until `release` runs, answers and stays. What was found, for the record.

    Raises AppStartError, HealthFailedError.
    """
    begun = time.monotonic()
    watch = Watch(app, release)
    figures: dict[str, Any] = {}
    with progress.step("application comes up") as step:
        watch.until_online(begun + app.ready_timeout)
        said, problem = connection_problem(app, target, Releases(app).path(release))
        step.note(f"database {said}")
        if problem:
            raise watch.failed(problem)
        if target.health_url:
            figures, problems = check_application(
                target.health_url,
                seconds=max(1.0, begun + app.ready_timeout - time.monotonic()),
                expect=expected(app, target, release),
                good_answers=target.health_good_answers,
                give_up=watch.trouble,
            )
            if trouble := watch.trouble():
                raise watch.failed(trouble)
            if problems:
                raise HealthFailedError(
                    "the released application does not answer well",
                    where=target.name,
                    why=str(problems[0]),
                    hint=watch.logs(),
                )
        answered = time.monotonic()
        step.note("it answers; does it stay?")
        while time.monotonic() < answered + app.restart_window:
            if trouble := watch.trouble():
                raise watch.failed(trouble)
            time.sleep(_POLL)
    return {
        "database": said,
        "answers": figures,
        "ready_seconds": round(answered - begun, 3),
        "processes": [one.as_dict() for one in Pm2(app).listing().processes],
    }


def expected(app: App | None, target: Target, release: str | None = None) -> str | None:
    """HEALTH_EXPECT with the commit in it; None where it asks for a commit that is not known."""
    wanted = target.health_expect
    if wanted is None or "{commit}" not in wanted:
        return wanted
    release = release or (Releases(app).current() if app else None)
    commit = Releases(app).record(release).get("commit") if app and release else None
    return wanted.replace("{commit}", str(commit)) if commit else None


class Watch:
    """Counts what restarts from now on, and sees what runs something else than `release`."""

    def __init__(self, app: App, release: str) -> None:
        self._app = app
        self._pm2 = Pm2(app)
        self._place = Releases(app).path(release).resolve()
        self._first: dict[int, Process] = {}
        """As they were seen first after the reload, by PM2's number."""

    def until_online(self, deadline: float) -> None:
        """Raises AppStartError where a process does not even stay spawned until `deadline`."""
        while True:
            listing = self._pm2.listing()
            missing = set(self._app.names) - {one.name for one in listing.processes}
            bad = [one for one in listing.processes if one.status != ONLINE]
            if not (listing.unknown or missing or bad):
                self._first = {one.pm_id: one for one in listing.processes}
                self._require_place(listing.processes)
                return
            errored = [one for one in bad if one.status == "errored"]
            if errored or time.monotonic() > deadline:
                raise self.failed(
                    listing.unknown or f"{_named(bad)}" if listing.unknown or bad else f"PM2 has no {missing}"
                )
            time.sleep(_POLL)

    def trouble(self) -> str | None:
        """Why it will not become well, or None."""
        listing = self._pm2.listing()
        if listing.unknown:
            return listing.unknown
        for one in listing.processes:
            first = self._first.get(one.pm_id, one)
            restarts = one.restarts - first.restarts
            # PM2 calls it unstable too where its own restart ended a process younger than a second.
            unstable = one.unstable_restarts - first.unstable_restarts
            if restarts > 0 or unstable > 0 or (one.pid != first.pid and one.status == ONLINE):
                count = max(restarts, unstable, 1)
                return f"{one.name} restarted {count} times by itself (PM2 says {one.status})"
            if one.status != ONLINE:
                return f"{one.name} is {one.status}"
        return None

    def failed(self, why: str) -> AppStartError:
        return AppStartError(
            "the released application does not come up",
            where=f"PM2: {', '.join(self._app.names)}",
            why=why,
            hint=self.logs(),
        )

    def logs(self) -> str:
        return f"PM2_HOME={self._app.pm2_home} pm2 logs {self._app.names[0]} --lines 50 --nostream"

    def _require_place(self, processes: Sequence[Process]) -> None:
        folder = self._app.folder.resolve()
        for one in processes:
            place = one.running_in
            # An application may change its folder: only another release is known to be wrong.
            if place and place.is_relative_to(folder / "releases") and not place.is_relative_to(self._place):
                raise self.failed(f"{one.name} (pid {one.pid}) still runs in {place}")


def _named(processes: Sequence[Process]) -> str:
    return ", ".join(f"{one.name} is {one.status}" for one in processes)


def _written(app: App) -> Path:
    """The file that PM2 is given: the release's own ecosystem file, its folder through `current`."""
    facts = {
        "folder": str(app.folder),
        "names": list(app.names),
        "ecosystem": app.ecosystem,
        "readySeconds": app.ready_timeout,
    }
    write_durably(app.folder / "dbsync.json", json.dumps(facts).encode(), mode=0o644)
    place = app.folder / "dbsync.config.cjs"
    write_durably(place, _ECOSYSTEM.read_bytes(), mode=0o644)
    return place
