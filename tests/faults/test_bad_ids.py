"""A backup id that is not one is refused before anything is read or written."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("bad", ["../../etc/passwd", "a/b", "%2e%2e", "x" * 300, "", ".", "-rf", "2026\n"])
@pytest.mark.parametrize("verb", [("restore",), ("backups", "show"), ("backups", "verify")])
def test_a_bad_id_exits_22(empty_project, verb, bad):
    done = empty_project.run(*verb, "--", bad)
    assert done.returncode == 22, done.stderr
    assert "Traceback" not in done.stderr
