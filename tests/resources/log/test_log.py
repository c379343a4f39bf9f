"""The log: one boundary, whole lines from many processes, nothing secret, and never a reason to fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from resources import progress
from resources.log.file import LogFile, older
from resources.log.line import Line, now, read_line
from resources.log.listener import LineListener
from resources.log.place import LogPlace
from resources.log.start import start_log
from resources.log.tail import follow, last_lines
from resources.redact import remember
from resources.settings import CHECKOUT
from tests.support.heard import Heard


@pytest.fixture
def place(tmp_path) -> LogPlace:
    return LogPlace(tmp_path / "log" / "dbsync.log")


def listening(place: LogPlace):
    return progress.heard_by(LineListener(LogFile(place).write))


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_line_says_deployment_phase_and_duration(tmp_path, form, monkeypatch):
    place = LogPlace(tmp_path / "dbsync.log", form)
    monkeypatch.setattr(progress, "circumstances", progress.Circumstances("deploy", "shop@h:1", "D-1"))
    monkeypatch.setattr("resources.log.listener.circumstances", progress.circumstances)
    with listening(place):
        with progress.phase("backup"), progress.step("copying", 10, "rows") as step:
            step.advance(10)
        with pytest.raises(ValueError), progress.phase("apply"):
            raise ValueError("no such column")
    lines = place.path.read_text().splitlines()
    facts = [read_line(line) for line in lines]
    assert all(one and one["deployment"] == "D-1" for one in facts)
    assert "copying: done, 10 rows" in lines[1]
    assert "apply: failed, ValueError: no such column" in lines[3]
    if form == "json":
        assert [one and one["phase"] for one in facts] == ["backup", "backup", "backup", "apply"]
        assert [one and one["level"] for one in facts] == ["info", "info", "info", "error"]
        assert facts[2] and facts[2]["kind"] == "phase" and facts[2]["seconds"] is not None
    else:
        assert "[D-1 deploy/backup]" in lines[1] and lines[2].endswith(" s)")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_is_in_no_line_and_control_characters_are_inert(tmp_path, form):
    remember("canary'\"$ %@:/\\x")
    place = LogPlace(tmp_path / "dbsync.log", form)
    with listening(place):
        progress.say("canary'\"$ %@:/\\x was refused\x1b[2J\nmysql://u:hunter22@h/d \ud800")
        progress.failed("canary%27%22%24%20%25%40%3A%2F%5Cx")
    written = place.path.read_text()
    assert "canary" not in written and "hunter22" not in written and "\x1b" not in written
    assert len(written.splitlines()) == 2


def test_lines_of_several_processes_stay_whole_while_the_file_is_rotated(place):
    script = (
        "import sys; from pathlib import Path\n"
        "from resources import progress\n"
        "from resources.log.place import LogPlace\n"
        "from resources.log.start import start_log\n"
        "start_log(LogPlace(Path(sys.argv[1]), largest=20_000, keep=50), '')\n"
        "for number in range(400): progress.say(f'{sys.argv[2]}-{number} ' + 'x' * 100)\n"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", script, str(place.path), name], cwd=CHECKOUT)
        for name in "abc"
    ]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    files = [path for path in (place.path, *older(place.path, 50)) if path.exists()]
    lines = [line for path in reversed(files) for line in path.read_text().splitlines()]
    said = [str((read_line(line) or {})["text"]).split()[0] for line in lines]
    assert sorted(said) == sorted(f"{name}-{number}" for name in "abc" for number in range(400))
    assert len(files) > 5 and all(path.stat().st_size < 20_000 + 3 * 300 for path in files)


def test_only_so_many_files_are_kept_and_the_last_lines_reach_over_them(tmp_path):
    place = LogPlace(tmp_path / "dbsync.log", largest=500, keep=2)
    with listening(place):
        for number in range(61):
            progress.say(f"line {number}")
    assert {path.name for path in tmp_path.iterdir()} == {
        "dbsync.log",
        "dbsync.log.1",
        "dbsync.log.2",
        "dbsync.log.lock",
    }
    last = last_lines(place, 8)
    assert [line.rsplit(" ", 1)[1] for line in last] == [str(number) for number in range(53, 61)]


def test_a_full_disk_is_said_once_and_when_there_is_room_again(tmp_path):
    # /dev/full answers every write with ENOSPC.
    path = tmp_path / "dbsync.log"
    path.symlink_to("/dev/full")
    heard = Heard()
    with progress.watched_by(heard), listening(LogPlace(path)):
        for number in range(3):
            progress.say(f"line {number}")
        complaints = [text for text in heard.said if "cannot be written" in text]
        assert len(complaints) == 1 and "No space left" in complaints[0]
        path.unlink()
        progress.say("line 3")
    assert "4 lines of the log before this one could not be written" in heard.said[-1]
    assert "line 3" in path.read_text().splitlines()[0]


def test_what_a_killed_process_tore_off_spoils_no_other_line(place):
    place.path.parent.mkdir()
    place.path.write_text('{"at": "2026-01-01T00:00:00.000Z", "text": "torn\n')
    LogFile(place).write(Line("say", "whole", now()))
    assert [str((read_line(line) or {})["text"]) for line in last_lines(place, 5)] == ["whole"]


def test_one_deployment_is_found_among_others_in_both_forms(tmp_path):
    path = tmp_path / "dbsync.log"
    for form, deployment in (("text", "D-1"), ("json", "D-2"), ("json", "D-1"), ("text", "")):
        LogFile(LogPlace(path, form)).write(Line("say", f"of {deployment}", now(), deployment=deployment))  # type: ignore[arg-type]
    found = last_lines(LogPlace(path), 10, "D-1")
    assert [str((read_line(line) or {})["text"]) for line in found] == ["of D-1", "of D-1"]
    assert len(last_lines(LogPlace(path), 10)) == 4


def test_following_goes_on_over_a_rotation(tmp_path):
    place = LogPlace(tmp_path / "dbsync.log", largest=300)
    lines = follow(place)
    got: list[str] = []
    reader = Thread(target=lambda: got.extend(next(lines) for _ in range(20)), daemon=True)
    reader.start()
    file = LogFile(place)
    for number in range(20):
        file.write(Line("say", f"line {number}", now()))
        if number % 4 == 0:  # a reader that polls sees one rotation at a time
            _until(lambda seen=number: len(got) > seen)
    reader.join(10)
    assert [line.rsplit(" ", 1)[1] for line in got] == [str(number) for number in range(20)]


def _until(holds) -> None:
    import time

    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)


def test_a_place_that_cannot_be_written_stops_nothing(tmp_path):
    if os.geteuid() == 0:
        (tmp_path / "file").write_text("")
        place = LogPlace(tmp_path / "file" / "dbsync.log")
    else:
        place = LogPlace(Path("/proc/dbsync.log"))
    heard = Heard()
    with progress.watched_by(heard):
        start_log(place, "")
        try:
            with progress.step("work"):
                pass
            progress.say("goes on")
        finally:
            start_log(None, "")
    assert "goes on" in heard.said


def test_json_lines_are_json(place):
    LogFile(LogPlace(place.path, "json")).write(Line("say", 'a "quoted" \n text', now(), seconds=1.23456))
    facts = json.loads(place.path.read_text())
    assert facts["text"] == 'a "quoted" \n text' and facts["seconds"] == 1.235
