"""What a private server's folder remembers about it, so that another process can find it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from resources.durable_file import write_durably
from resources.mysql.process_identity import ProcessIdentity

SETTINGS_FILE = "server.json"
PID_FILE = "mysqld.pid"


@dataclass
class ServerSettings:
    """What is chosen once and holds for every start. The file is 0600: it holds the password."""

    socket: str
    port: int = 0
    password: str = ""
    init_variables: dict[str, str] | None = None
    secured: bool = False
    """Whether the accounts have the password yet."""

    def save(self, folder: Path) -> None:
        write_durably(folder / SETTINGS_FILE, json.dumps(asdict(self)).encode())

    @classmethod
    def load(cls, folder: Path) -> ServerSettings | None:
        path = folder / SETTINGS_FILE
        return cls(**json.loads(path.read_text())) if path.exists() else None


@dataclass(frozen=True)
class ServerProcess:
    """The process of a private server, and the process that started it.

    `server` is None between "about to start" and "started"; `owner` is None for a
    server that is meant to outlive whoever started it.
    """

    datadir: str
    server: ProcessIdentity | None
    owner: ProcessIdentity | None

    def save(self, folder: Path) -> None:
        write_durably(folder / PID_FILE, json.dumps(asdict(self)).encode())

    @classmethod
    def load(cls, folder: Path) -> ServerProcess | None:
        path = folder / PID_FILE
        if not path.exists():
            return None
        stored: dict[str, Any] = json.loads(path.read_text())
        return cls(stored["datadir"], _identity(stored["server"]), _identity(stored["owner"]))


def _identity(stored: dict[str, Any] | None) -> ProcessIdentity | None:
    return ProcessIdentity(**stored) if stored else None
