"""How much memory an upload and a download take: the same for every size.

Measured: 50 MB connected, then 164 MB at its peak for 160, 300 and 600 MB.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from resources.settings import CHECKOUT
from tests.resources.backup.remote.conftest import MB

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc"),
]
SMALL, LARGE = 160 * MB, 600 * MB
_CHILD = """
import json, sys
from pathlib import Path
from resources.backup.remote.location import RemoteLocation
from resources.backup.remote.store import open_store

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10

store = open_store(RemoteLocation(**json.loads(sys.argv[1])))
store.head("nothing")
peaks = [peak()]
for name in sys.argv[2:]:
    store.put(Path(name).name, Path(name), lambda count: None)
    peaks.append(peak())
received = sum(len(block) for block in store.get(Path(sys.argv[-1]).name))
print(json.dumps([*peaks, peak(), received]))
"""


def test_an_upload_takes_its_parts_in_flight_whatever_the_size_and_a_download_nothing_more(bucket, tmp_path):
    files = []
    for size in (SMALL, LARGE):
        path = tmp_path / f"{size}.ibd.zst"
        with path.open("wb") as stream:
            stream.truncate(size)
        files.append(str(path))
    done = subprocess.run(
        [sys.executable, "-P", "-c", _CHILD, json.dumps(asdict(bucket.location(timeout=60.0))), *files],
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    connected, small, large, downloaded, received = json.loads(done.stdout)
    assert received == LARGE
    told = f"connected {connected / MB:.0f}, 160 MB {small / MB:.0f}, 600 MB {large / MB:.0f} MB"

    # Four parts of 16 MB, and a copy of each; how many are in flight at once is the scheduler's doing.
    assert small - connected < 160 * MB and large - connected < 160 * MB, told
    assert downloaded - large < 8 * MB, "it goes through in blocks of 1 MB"
