"""The way back of the application: the release before, running and answering, or a plain word that not.

Part of the one rollback. It runs at most once for a deployment: what did not come up is said, and
is for a person to decide; nothing is tried in a loop.
"""

from __future__ import annotations

from typing import Any

from resources import progress
from resources.app.app import App
from resources.app.releases import Releases
from resources.app.start import in_place, require_well, switch_to
from resources.errors import AppStartError, DbsyncError, RollbackFailedError, UsageError
from resources.journal import DeploymentRecord, Journal
from resources.pm2 import ONLINE, Pm2
from resources.target import Target


class AppBack:
    """What a deployment owes of the application. Does nothing where it did not switch it."""

    def __init__(self, target: Target, journal: Journal, entry: DeploymentRecord) -> None:
        self._target, self._journal, self._entry = target, journal, entry
        self._owed = entry.app_to_put_back
        self._failed: DbsyncError | None = None
        self.result: dict[str, Any] | None = None

    @property
    def comes_first(self) -> bool:
        """The way back passes the states of the way there: what was done last is undone first."""
        return not (self._entry.facts.get("app_order") == "code-first" and self._entry.reached("applying"))

    def put_back(self) -> None:
        """Switch, reload, check. Keeps its failure for `judged`: the database must come back all the same."""
        if not self._owed:
            return
        self._owed = False
        previous = self._entry.facts.get("app_previous")
        try:
            with progress.step("application back"):
                self.result = put_back_to(self._target, str(previous) if previous else None)
        except DbsyncError as error:
            self._failed = error
            self._journal.record(self._entry.id, "app_back_failed", app_error=f"{error.what}: {error.why}")
        else:
            self._journal.record(self._entry.id, "app_back", app_release=previous)

    def forth(self) -> None:
        """The database stays as the deployment made it: so does its application. Raises AppStartError,
        HealthFailedError, EnvironmentCheckError.
        """
        if self.result is not None:
            release = str(self._entry.facts["app_release"])
            put_back_to(self._target, release)
            self._journal.record(self._entry.id, "app_switched", app_release=release)

    def judged(self, database: str) -> None:
        """Raises RollbackFailedError where the application is not back. `database`: its state, in words."""
        if self._failed is not None:
            raise RollbackFailedError(
                "the application's previous release does not come up; nothing more is tried by itself",
                where=self._failed.where,
                why=f"DATA STATE: {database}\n         {self._failed.what}: {self._failed.why}",
                hint=self._failed.hint + "\n     or: dbsync app back",
            ) from self._failed


def put_back_to(target: Target, release: str | None) -> dict[str, Any]:
    """Run `release` (None: nothing ran before the deployment) and see that it is well.

    Raises AppStartError, HealthFailedError, EnvironmentCheckError.
    """
    app = target.app
    if app is None:
        raise AppStartError(
            "the application cannot be switched back",
            why="APP_FOLDER is not set any more",
            hint="set APP_FOLDER and APP_PM2_NAME as they were, then: dbsync app back",
        )
    releases = Releases(app)
    if release is None:
        _run_nothing(app)
        return {"release": None}
    if not releases.is_whole(release):
        raise AppStartError(
            f"the application's release {release} is not there any more",
            where=str(releases.folder),
            hint="dbsync app status",
        )
    if not _runs(app, release):
        switch_to(app, release)
    return {"release": release, **require_well(app, target, release)}


def go_back(target: Target, name: str) -> dict[str, Any]:
    """Run the kept release whose name begins so ("": the one that was good before the current).

    What was left so is not gone back to again, but by its name. Where the other one does not come up,
    the current one runs again. Raises UsageError, AppStartError, HealthFailedError, EnvironmentCheckError.
    """
    app = target.app
    assert app
    releases = Releases(app)
    current = releases.current()
    earlier = releases.before(current)
    others = [one for one in releases.whole() if one != current and one.startswith(name)] if name else earlier
    if not others:
        raise UsageError(
            f"no kept release is named {name}" if name else "no release from before the current one is kept",
            where=str(releases.folder),
            why=f"the application runs {current or 'no release'}",
            hint="dbsync app status   then, for any other that is kept: dbsync app back RELEASE",
        )
    chosen = others[0]
    try:
        result = put_back_to(target, chosen)
    except DbsyncError as error:
        _run_again(app, current)
        error.why += f"\n         APPLICATION: runs {current or 'nothing,'} as before"
        raise
    if current and chosen in earlier:
        releases.set_left(current)
    else:
        releases.set_released(chosen)
    Pm2(app).save()
    return result


def _run_again(app: App, release: str | None) -> None:
    """As it was, well or not. Raises AppStartError."""
    if release is not None:
        switch_to(app, release)
    else:
        _run_nothing(app)


def _run_nothing(app: App) -> None:
    Pm2(app).delete()
    Releases(app).forget_current()


def _runs(app: App, release: str) -> bool:
    """Whether nothing has to be done: what was killed before its reload has changed no process."""
    releases = Releases(app)
    found = Pm2(app).listing().processes
    place = releases.path(release).resolve()
    return (
        releases.current() == release
        and {one.name for one in found} == set(app.names)
        and all(one.status == ONLINE and in_place(app, one) and one.running_in == place for one in found)
    )
