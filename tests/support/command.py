"""The real command, in an environment of its own."""

from __future__ import annotations

import subprocess
import sys

from resources.settings import CHECKOUT


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`dbsync ARGUMENTS` in the root folder, with these variables and hardly another."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "dbsync_assets.cli", *arguments],
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=240,
    )
