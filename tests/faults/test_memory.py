"""dbsync's own memory while it backs up: rows and archives pass through it in blocks, whatever their size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from resources.mysql.connection import execute, rows
from resources.settings import CHECKOUT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc"),
]
MB = 1 << 20
_CHILD = """
import json, sys
from pathlib import Path
from resources.backup.make import make_full_backup
from resources.backup.verify import verify_backup
from resources.mysql.endpoint import Endpoint
from resources.target import Target

told = json.load(sys.stdin)
paths = {name: Path(told[name]) for name in ("migrations", "storage", "state", "tools")}
target = Target(Endpoint(**told["endpoint"]), told["database"], backup_engine=told["engine"], **paths)
manifest = make_full_backup(target).manifest
verify_backup(target, manifest.id)
lines = Path("/proc/self/status").read_text().splitlines()
peak = int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10
print(json.dumps([peak, manifest.plain_size, manifest.engine]))
"""


@pytest.mark.parametrize("engine", ["clone", "mysqldump"])
def test_300_mb_of_rows_are_backed_up_and_proven_again_in_less_than_128_mb(target, connection, engine):
    execute(connection, "CREATE TABLE large (id INT NOT NULL PRIMARY KEY AUTO_INCREMENT, data LONGBLOB)")
    execute(connection, "INSERT INTO large (data) VALUES (REPEAT(RANDOM_BYTES(1000), 5000))")
    while rows(connection, "SELECT COUNT(*) FROM large")[0][0] < 64:
        execute(connection, "INSERT INTO large (data) SELECT data FROM large")
    names = ("host", "port", "user", "password")
    told = {
        "endpoint": {name: getattr(target.endpoint, name) for name in names},
        "database": target.database,
        "engine": engine,
        **{name: str(getattr(target, name)) for name in ("migrations", "storage", "state", "tools")},
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", _CHILD],
        input=json.dumps(told),
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    peak, plain, made_by = json.loads(done.stdout.splitlines()[-1])
    assert made_by == engine and plain > 300 * MB
    assert peak < 128 * MB, f"{peak / MB:.0f} MB"
