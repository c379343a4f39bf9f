"""The application's part of one deployment: built at the start, switched to once, watched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from resources import progress
from resources.app.app import App
from resources.app.build import build
from resources.app.node import pm2_program
from resources.app.releases import Releases
from resources.app.source import Export, files_of
from resources.app.start import in_place, require_well, switch_to
from resources.errors import AppBuildError, EnvironmentCheckError, UsageError
from resources.pm2 import Pm2
from resources.target import Target


@dataclass
class Application:
    """`journal` records a phase of the deployment. Nothing here puts back: that is `roll_back`'s."""

    app: App
    target: Target
    journal: Callable[..., None]
    release: str | None = None
    previous: str | None = None
    found: dict[str, Any] = field(default_factory=dict)
    """What was built, switched and seen, for the record."""

    @property
    def comes_first(self) -> bool:
        """Before the migrations. The very first release never: no code is there to meet a schema ahead of it,
        and its own would meet a database that may be empty.
        """
        return self.app.order == "code-first" and self.previous is not None

    def build(self, commit: str | None, deployment: str | None, export: Export | None = None) -> None:
        """Before the backup: a build that fails costs nothing, and a slow one makes the backup no older.

        `export`: where the files come from, if not from the project's folder. Raises AppBuildError,
        EnvironmentCheckError, GitError.
        """
        pm2_program(self.app)
        self._require_way_back()
        releases = Releases(self.app)
        self.previous = releases.current()
        self.release = commit or f"local-{deployment}"
        if self.previous and not releases.is_whole(self.previous):
            raise AppBuildError(
                "the release that runs now was not built by dbsync, so there would be no way back to it",
                where=str(self.app.current),
                hint=f"remove the link {self.app.current}, after: pm2 delete {' '.join(self.app.names)}",
            )
        seconds = build(self.app, commit, self.release, export or files_of(self.app.source, commit))
        self.found = {"release": self.release, "previous": self.previous, "build_seconds": round(seconds, 3)}
        self.journal("app_built", app_release=self.release, app_previous=self.previous)

    def switch(self) -> None:
        """From the live release to the new one; returns when that is well.

        Raises AppStartError, HealthFailedError; the way back is the caller's.
        """
        if self.release is None:
            raise UsageError("the application is released only by the job `deploy`", hint="dbsync deploy")
        self.journal(
            "app_switching",
            app_release=self.release,
            app_previous=self.previous,
            app_order="code-first" if self.comes_first else "schema-first",
        )
        switch_to(self.app, self.release)
        self.journal("app_switched")
        self.found |= require_well(self.app, self.target, self.release)

    def confirm(self) -> None:
        """Code first: after the migrations the same release must still be well."""
        assert self.release
        self.found |= require_well(self.app, self.target, self.release)

    def released(self) -> None:
        """It counts as good, old ones go, PM2 remembers what runs. None failing takes a good release back."""
        assert self.release
        try:
            Releases(self.app).set_released(self.release)
            Pm2(self.app).save()
            if gone := Releases(self.app).prune({self.release, self.previous}):
                progress.say(f"{len(gone)} old releases of the application were removed")
        except Exception as error:  # noqa: BLE001 - the release is complete and well
            progress.say(f"after the release: {error}")

    def _require_way_back(self) -> None:
        elsewhere = [one for one in Pm2(self.app).listing().processes if not in_place(self.app, one)]
        if elsewhere:
            raise EnvironmentCheckError(
                f"PM2 runs `{elsewhere[0].name}` from a folder that dbsync does not switch",
                where=elsewhere[0].cwd,
                why=f"only what runs from {self.app.current} can be switched, and put back",
                hint=f"once: pm2 delete {elsewhere[0].name}   then: dbsync deploy   (it is down in between)",
            )
