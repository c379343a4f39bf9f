"""What is known of the application that is released together with its database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Order = Literal["schema-first", "code-first"]


@dataclass(frozen=True)
class App:
    """Times in seconds."""

    folder: Path
    """APP_FOLDER: `releases/<commit>/`, the link `current`, `shared/` (linked into every release)."""
    source: Path
    """Folder of the project; its commit is what is built, where it is in a git repository."""
    names: tuple[str, ...]
    """Of the processes in the ecosystem file, as PM2 knows them."""
    pm2_home: Path
    ecosystem: str = "ecosystem.config.js"
    """PM2's file, relative to the source."""
    install: str = "npm ci"
    build: str = "npm run build"
    order: Order = "schema-first"
    pm2: Path | None = None
    """None: beside node, or on PATH."""
    node: Path | None = None
    """Folder with node and npm. None: found."""
    keep: int = 3
    """Releases beside the current and the previous one."""
    build_timeout: float = 1800.0
    ready_timeout: float = 60.0
    """From the reload until the application answers well."""
    restart_window: float = 10.0
    """So long after it answered it may not have restarted by itself."""

    @property
    def current(self) -> Path:
        return self.folder / "current"
