"""A lock file between real processes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

from resources.file_lock import locked_file

_HOLDER = """
import sys
from pathlib import Path
from resources.file_lock import locked_file
with locked_file(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path):
    arguments = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_who_waits_for_a_time_gives_up_and_one_without_a_limit_is_told_then_gets_it(tmp_path):
    path = tmp_path / "lock"
    with holder(path) as process:
        with locked_file(path, seconds=0.1) as held:
            assert not held
        with locked_file(path, waiting=process.kill) as held:
            assert held, "the kernel freed it of the killed process"


def test_a_lock_that_was_left_is_free_again(tmp_path):
    path = tmp_path / "lock"
    with locked_file(path, seconds=0.0) as held:
        assert held and path.stat().st_mode & 0o777 == 0o600
    with locked_file(path, seconds=0.0) as held:
        assert held
