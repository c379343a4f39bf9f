"""What all ways of carrying rows into the side database share: from where, to where, what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from resources import progress
from resources.mysql.connection import Connection
from resources.mysql.endpoint import Endpoint
from resources.mysql.server import PrivateServer

FILES, ROW_EVENTS, DUMP = "files", "row events", "mysqldump"

Arrived = Callable[[Connection, str, str], None]
"""`arrived(connection, table, way)`: a table is full and has its indexes. May raise."""


@dataclass(frozen=True)
class Journey:
    source: PrivateServer
    database: str
    """Of the source."""
    endpoint: Endpoint
    side: str
    """Database of the target that has none of the tables yet."""
    open_target: Callable[[], Connection]
    """A connection that takes old values as they are."""
    by_files: bool = False
    """Whether whole files may be taken, which leaves the rows out of the binary log and ends the source."""


@dataclass
class Ways:
    taken: dict[str, str] = field(default_factory=dict)
    """Table → files, row events or mysqldump."""
    notes: list[str] = field(default_factory=list)
    """Why not by the faster way."""

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(self.taken.values()))

    def say(self, text: str) -> None:
        progress.say(text)
        self.notes.append(text)
