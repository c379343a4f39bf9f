"""The folder of releases: each built in a folder of its own, one of them named by a link."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from resources.app.app import App
from resources.durable_file import fsync_folder, write_durably
from resources.private_folder import make_private_folder

RECORD = ".dbsync-release.json"
"""Written into a release when it is whole; holds its commit, and its place among those released."""


class Releases:
    def __init__(self, app: App) -> None:
        self._app = app
        self.folder = app.folder / "releases"

    def prepare(self) -> None:
        """Make the folders. Raises EnvironmentCheckError."""
        for folder in (self._app.folder, self.folder, self._app.folder / "shared", self.logs):
            make_private_folder(folder, "APP_FOLDER")

    @property
    def logs(self) -> Path:
        return self._app.folder / "logs"

    def path(self, release: str) -> Path:
        return self.folder / release

    def current(self) -> str | None:
        """The release that `current` names, or None."""
        try:
            target = self._app.current.readlink()
        except OSError:
            return None
        return target.name if (self._app.folder / target).is_dir() else None

    def is_whole(self, release: str) -> bool:
        return (self.path(release) / RECORD).is_file()

    def whole(self) -> list[str]:
        """Newest first, by when they were released; behind them those that never were, or were left."""
        found = [path.parent.name for path in self.folder.glob(f"*/{RECORD}")]
        return sorted(found, key=lambda one: (self._place(one), self._built_at(one)), reverse=True)

    def before(self, release: str | None) -> list[str]:
        """Those that were released before `release` (None, or never released itself: all), newest first."""
        place = self._place(release) if release else 0
        return [one for one in self.whole() if one != release and 0 < self._place(one) < (place or math.inf)]

    def set_released(self, release: str) -> None:
        """It passed every gate: the newest of those to go back to."""
        newest = max((self._place(one) for one in self.whole()), default=0)
        self.finish(release, self.record(release) | {"place": newest + 1})

    def set_left(self, release: str) -> None:
        """Somebody went back from it, and would not go back to it."""
        self.finish(release, self.record(release) | {"place": 0})

    def _place(self, release: str) -> int:
        # Counted, not told by the clock: that may be set back.
        return int(self.record(release).get("place", 0))

    def _built_at(self, release: str) -> str:
        return str(self.record(release).get("built_at", ""))

    def record(self, release: str) -> dict[str, Any]:
        """What was written when it was built; {} where that cannot be read."""
        try:
            return dict(json.loads((self.path(release) / RECORD).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def begin(self, release: str) -> Path:
        """A folder that is not there, for `release`; what a build left unfinished goes."""
        place = self.path(release)
        if place.exists():
            shutil.rmtree(place)
        return place

    def finish(self, release: str, facts: dict[str, Any]) -> None:
        write_durably(self.path(release) / RECORD, json.dumps(facts).encode(), mode=0o644)

    def link_shared(self, release: str) -> None:
        """Every entry of `shared/` appears in the release under its name: .env, uploads …"""
        place = self.path(release)
        for entry in sorted((self._app.folder / "shared").iterdir()):
            link = place / entry.name
            if link.is_dir() and not link.is_symlink():
                shutil.rmtree(link)
            else:
                link.unlink(missing_ok=True)
            link.symlink_to(os.path.relpath(entry, place))

    def switch(self, release: str) -> None:
        """`current` names `release`, from one moment to the next: no time without either."""
        link = self._app.folder / ".current.new"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("releases") / release)
        link.rename(self._app.current)
        fsync_folder(self._app.folder)

    def forget_current(self) -> None:
        self._app.current.unlink(missing_ok=True)
        fsync_folder(self._app.folder)

    def prune(self, needed: Iterable[str | None]) -> list[str]:
        """Remove what is beyond APP_KEEP, and what never became whole; `needed` stay. Their names."""
        stay = {*needed, self.current()}
        stay |= set([one for one in self.whole() if one not in stay][: self._app.keep])
        gone = [path for path in self.folder.iterdir() if path.name not in stay]
        for path in gone:
            shutil.rmtree(path, ignore_errors=True)  # what is left of it goes the next time
        return sorted(path.name for path in gone)
