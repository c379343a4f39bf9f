"""The journal is true after a crash: whole lines only, durable, private, one file per deployment."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import datetime

import pytest

from resources import journal as module
from resources.errors import DiskFullError, NothingToRollBackError
from resources.journal import Journal
from resources.redact import remember


@pytest.fixture
def journal(tmp_path) -> Journal:
    return Journal(tmp_path)


def test_facts_are_merged_and_threads_collected(journal):
    one = journal.begin("t", commit="c")
    journal.record(one, "applying", threads=[1])
    journal.record(one, "migration_started", threads=[2, 1], migration="m")
    entry = journal.get(one)
    assert (entry.target, entry.phase, entry.facts["commit"]) == ("t", "migration_started", "c")
    assert entry.facts["threads"] == [1, 2]
    assert entry.reached("applying") and not entry.reached("released")


def test_every_event_has_utc_time_host_and_process(journal):
    event = journal.get(journal.begin("t")).events[0]
    assert datetime.fromisoformat(event["at"]).utcoffset() is not None
    assert event["pid"] == os.getpid() and event["host"] and event["started"]


def test_unfinished_are_those_of_the_target_that_are_not_final(journal):
    done, open_, other = journal.begin("t"), journal.begin("t"), journal.begin("u")
    journal.record(done, "released")
    assert [entry.id for entry in journal.unfinished("t")] == [open_]
    assert [entry.id for entry in journal.all()] == sorted([done, open_, other])


def test_a_line_torn_by_a_crash_is_left_out_and_the_next_one_is_whole(journal, tmp_path):
    one = journal.begin("t")
    with (tmp_path / "journal" / f"{one}.jsonl").open("a") as file:
        file.write('{"phase": "released", "at": "20')
    assert journal.get(one).phase == "begun"
    journal.record(one, "failed")
    assert journal.get(one).phase == "failed"


def test_an_empty_file_of_a_crashed_begin_is_no_deployment(journal, tmp_path):
    journal.begin("t")
    (tmp_path / "journal" / "20990101T000000.000Z-00001-aaaaaa.jsonl").touch()
    assert len(journal.all()) == 1


def test_a_part_written_to_a_full_disk_is_completed_or_reported(journal, tmp_path, monkeypatch):
    one = journal.begin("t")
    real, full = os.write, []

    def short(fd, data):
        if full:
            raise OSError(28, "No space left on device")
        return real(fd, data[:7])

    monkeypatch.setattr(module.os, "write", short)
    journal.record(one, "applying")
    assert journal.get(one).phase == "applying"
    full.append(True)
    with pytest.raises(DiskFullError):
        journal.record(one, "applied")
    assert journal.get(one).phase == "applying"


def test_files_are_private_and_hold_no_secret(journal, tmp_path):
    remember("s3cret-word")
    one = journal.begin("t", why="failed with s3cret-word")
    path = tmp_path / "journal" / f"{one}.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "s3cret-word" not in path.read_text()


@pytest.mark.parametrize("bad", ["../../etc/passwd", "a/b", "", "x" * 200])
def test_an_id_that_is_none_names_no_file(journal, bad):
    journal.begin("t")
    with pytest.raises(NothingToRollBackError):
        journal.get(bad)


def test_ids_sort_by_age_when_the_clock_jumps_back(journal, tmp_path):
    journal.begin("t")
    future = tmp_path / "journal" / "20990101T000000.000Z-00001-aaaaaa.jsonl"
    future.write_text(json.dumps({"phase": "begun", "target": "t", "at": "2099-01-01T00:00:00+00:00"}) + "\n")
    assert journal.begin("t") > future.stem


def test_a_killed_process_is_told_from_a_running_one(journal, tmp_path):
    script = (
        "import sys; from pathlib import Path; from resources.journal import Journal;"
        f"print(Journal(Path({str(tmp_path)!r})).begin('t'), flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    one = process.stdout.readline().strip()
    assert journal.get(one).owner_is_alive
    process.kill()
    process.communicate()
    assert not journal.get(one).owner_is_alive


def test_kinds_are_kept_apart(journal, tmp_path):
    Journal(tmp_path, "restores").begin("t")
    assert journal.all() == []


def test_a_line_separator_in_a_value_does_not_hide_the_event(tmp_path):
    journal = Journal(tmp_path)
    one = journal.begin("t")
    journal.record(one, "rolled_back", reason="Duplicate entry 'a\u2028b\x85c'")
    assert journal.get(one).phase == "rolled_back"
