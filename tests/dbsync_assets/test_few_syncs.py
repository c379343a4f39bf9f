"""Dagster's storage while a command works on it."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from dbsync_assets.few_syncs import few_syncs


@dg.op
def once() -> int:
    return 1


@dg.job
def small() -> None:
    once()


def _synced(storage) -> int:
    with create_engine(f"sqlite:///{storage}", poolclass=NullPool).connect() as connection:
        return connection.execute(text("PRAGMA synchronous")).scalar_one()


def test_what_was_recorded_is_written_back_once_and_read_by_another_process(tmp_path):
    file = tmp_path / "history" / "runs.db"
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        small.execute_in_process(instance=instance)  # the files are there from now on
        with few_syncs():
            run = small.execute_in_process(instance=instance).run_id
            waiting = file.with_name("runs.db-wal")
            assert waiting.exists() and waiting.stat().st_size > 0, "closing a connection wrote nothing back"
            assert _synced(file) == 1
        assert not waiting.exists()
        assert _synced(file) == 2, "others are as they were"
    code = (
        "import sqlite3, sys; found = sqlite3.connect(sys.argv[1]).execute("
        "'SELECT status FROM runs WHERE run_id = ?', (sys.argv[2],)).fetchall(); print(found)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file), run], capture_output=True, text=True, check=True
    )
    assert "SUCCESS" in done.stdout


def test_an_error_inside_leaves_no_listener_behind(tmp_path):
    with pytest.raises(ValueError, match="mine"):
        with few_syncs():
            raise ValueError("mine")
    assert _synced(tmp_path / "other.db") == 2
