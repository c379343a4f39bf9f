"""Files stored while the clone runs: used only if nobody wrote to them since."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from resources.backup import archive
from resources.backup.early import LARGE, EarlyStore, stamp_of
from resources.backup.storage_io import REAL


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "shop").mkdir(parents=True)
    return folder


def _write(path: Path, seed: bytes) -> None:
    path.write_bytes(seed * (LARGE // len(seed)))


def _wait_until_stored(backup: Path, name: str) -> None:
    deadline = time.monotonic() + 20
    size = -1
    while time.monotonic() < deadline:
        path = archive.stored_path(backup, name)
        if path.exists() and path.stat().st_size == size > 0:
            return
        size = path.stat().st_size if path.exists() else -1
        time.sleep(0.3)
    raise AssertionError(f"{name} was not stored early")


def test_a_file_left_alone_is_stored_whole_during_the_clone(datadir, tmp_path):
    name, backup = "shop/a.ibd", tmp_path / "backup"
    _write(datadir / name, b"page one")
    with EarlyStore(datadir, backup, REAL) as early:
        _wait_until_stored(backup, name)
    taken = early.taken({name: stamp_of(datadir / name)})
    (file,) = early.finish(taken)
    assert b"".join(archive.plain_blocks(backup, file)) == (datadir / name).read_bytes()


def test_a_file_written_to_later_is_not_used_and_its_copy_is_removed(datadir, tmp_path):
    name, backup = "shop/a.ibd", tmp_path / "backup"
    _write(datadir / name, b"page one")
    with EarlyStore(datadir, backup, REAL) as early:
        _wait_until_stored(backup, name)
        with (datadir / name).open("r+b") as stream:
            stream.write(b"!")
    taken = early.taken({name: stamp_of(datadir / name)})
    assert taken == set() and early.finish(taken) == []
    assert not archive.stored_path(backup, name).exists()


def test_a_file_that_is_still_growing_is_left_alone(datadir, tmp_path):
    name, backup = "shop/a.ibd", tmp_path / "backup"
    _write(datadir / name, b"page one")
    ended = threading.Event()

    def grow() -> None:
        with (datadir / name).open("ab") as stream:
            while not ended.wait(0.02):
                stream.write(os.urandom(4096))
                stream.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with EarlyStore(datadir, backup, REAL) as early:
            time.sleep(1.5)
    finally:
        ended.set()
        writer.join()
    assert early.taken({name: stamp_of(datadir / name)}) == set()
    assert early.finish(set()) == []


def test_a_clone_that_fails_leaves_nothing_stored(datadir, tmp_path):
    name, backup = "shop/a.ibd", tmp_path / "backup"
    _write(datadir / name, b"page one")
    with pytest.raises(RuntimeError, match="the clone"), EarlyStore(datadir, backup, REAL):
        _wait_until_stored(backup, name)
        raise RuntimeError("the clone failed")
    assert not archive.stored_path(backup, name).exists()
