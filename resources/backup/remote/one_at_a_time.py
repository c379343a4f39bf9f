"""Two processes of one machine must not upload, or fetch, the same backup at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources import progress
from resources.backup.archive import make_folder
from resources.file_lock import locked_file


@contextmanager
def one_at_a_time(state: Path, name: str) -> Iterator[None]:
    """Holds `<state>/locks/<name>`, waiting for whoever has it. The kernel frees it of a killed holder."""
    folder = state / "locks"
    make_folder(folder)
    with locked_file(
        folder / name, waiting=lambda: progress.say(f"another dbsync is at it ({name}); waiting for it")
    ):
        yield
