"""Files written past the page cache hold what was written, on any file system, or the error is told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from resources.settings import CHECKOUT
from resources.uncached import BLOCK, UncachedFile, copy_uncached, uncached_blocks

LENGTHS = [0, 1, 4095, 4096, 4097, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 4096, 3 * BLOCK + 17]


@pytest.fixture(params=["disk", "tmpfs", "ramfs"])
def folder(request, tmp_path: Path):
    """A file system with O_DIRECT, one that has learned it lately, and one that refuses it."""
    if request.param == "disk":
        yield tmp_path
        return
    place = tmp_path / "mounted"
    place.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", request.param, request.param, place], capture_output=True
        ).returncode
    ):
        pytest.skip("mounting takes root")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("piece", [1000, 4096, 700_001, 5 * BLOCK])
def test_a_file_of_any_length_written_in_any_pieces_is_what_was_written(folder, piece):
    contents = os.urandom(max(LENGTHS))
    for length in LENGTHS:
        path = folder / str(length)
        with UncachedFile(path) as stream:
            for place in range(0, length, piece):
                part = contents[place : min(place + piece, length)]
                assert stream.write(memoryview(part)) == len(part)
        assert path.read_bytes() == contents[:length]
        assert b"".join(map(bytes, uncached_blocks(path))) == contents[:length]
        copy_uncached(path, folder / f"{length}.copy")
        assert (folder / f"{length}.copy").read_bytes() == contents[:length]
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_reading_that_is_given_up_leaves_no_thread_and_no_open_file(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(os.urandom(3 * BLOCK))
    threads, files = set(threading.enumerate()), _open_files()
    blocks = uncached_blocks(path)
    assert bytes(next(blocks)) == path.read_bytes()[:BLOCK]
    blocks.close()
    assert set(threading.enumerate()) == threads
    assert _open_files() == files


def _open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - their numbers


def test_a_file_or_a_link_that_is_there_already_is_left_alone(tmp_path):
    (tmp_path / "there").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(FileExistsError):
            UncachedFile(tmp_path / name)
    assert (tmp_path / "there").read_text() == "mine" and not (tmp_path / "elsewhere").exists()


LIMITED = """
import errno, resource, signal, sys
from pathlib import Path
from resources.uncached import UncachedFile
limit, length = int(sys.argv[2]), int(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with UncachedFile(Path(sys.argv[1])) as stream:
        for _ in range(0, length, 1000):
            stream.write(bytes(1000))
except OSError as error:
    print(errno.errorcode[error.errno])
"""


@pytest.mark.parametrize("limit", [100, 4096, BLOCK + 5000])
@pytest.mark.parametrize("length", [6000, 2 * BLOCK, 5 * BLOCK])
def test_a_limit_in_the_middle_of_a_block_is_told_as_what_it_is(tmp_path, limit, length):
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "file"), str(limit), str(length)]
    done = subprocess.run(command, env={"PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == (["EFBIG"] if length > limit else [])
