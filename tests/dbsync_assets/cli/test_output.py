"""What is printed to a file can be read there."""

from __future__ import annotations

import subprocess
import sys

from resources.settings import CHECKOUT

PRINTS = """
from rich.rule import Rule
from dbsync_assets.cli.output import stdout, table
table("kept", ["database", "what", "since", "of", "backup"], [["large__dbsync_aside_r620a4f94", "replaced"]
    + ["2026-11-27T05:40:33.000Z"] * 2 + ["20261127T054033Z-0001-full"]])
stdout.print(Rule())
"""


def test_a_table_in_a_file_keeps_its_cells_whole_and_nothing_else_grows_as_wide():
    done = subprocess.run(
        [sys.executable, "-c", PRINTS],
        env={"PYTHONPATH": str(CHECKOUT), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "20261127T054033Z-0001-full" in done.stdout
    assert done.stdout.count("2026-11-27T05:40:33.000Z") == 2
    assert max(map(len, done.stdout.splitlines())) < 200
