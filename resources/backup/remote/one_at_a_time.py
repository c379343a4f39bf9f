"""Two processes of one machine must not upload, or fetch, the same backup at once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources import progress
from resources.backup.archive import make_folder


@contextmanager
def one_at_a_time(state: Path, name: str) -> Iterator[None]:
    """Holds `<state>/locks/<name>`, waiting for whoever has it. The kernel frees it of a killed holder."""
    folder = state / "locks"
    make_folder(folder)
    with (folder / name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say(f"another dbsync is at it ({name}); waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
