"""Settings of proofs and schedules."""

from __future__ import annotations

import pytest

from resources.errors import SettingsError
from resources.settings import load_settings, target_of


def test_they_reach_the_target(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://u:secret@h/db")
    monkeypatch.setenv("BACKUP_PROOF", "archive")
    monkeypatch.setenv("BACKUP_ENGINE", "mydumper")
    monkeypatch.setenv("MYDUMPER", "bin/mydumper")
    monkeypatch.setenv("BACKUP_ACCEPT_LOSSY", "Order, Item,")
    target = target_of(load_settings(tmp_path))
    assert (target.backup_proof, target.backup_engine) == ("archive", "mydumper")
    assert target.accept_lossy == {"Order", "Item"}
    assert target.mydumper == tmp_path / "bin" / "mydumper"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("BACKUP_PROOF", "sometimes"),
        ("BACKUP_ENGINE", "xtrabackup"),
        ("BACKUP_SCHEDULE", "at night"),
        ("PROOF_SCHEDULE", "1 2 3"),
        ("INCREMENTAL_SCHEDULE", "hourly"),
        ("RETENTION_SCHEDULE", "1 2 3 4 5 6"),
        ("SCHEDULE_TIMEZONE", "Mars/Olympus"),
        ("SCHEDULE_TIMEZONE", "../../etc/passwd"),
    ],
)
def test_a_wrong_one_is_named(tmp_path, monkeypatch, name, wrong):
    monkeypatch.setenv(name, wrong)
    with pytest.raises(SettingsError) as error:
        load_settings(tmp_path)
    assert name in error.value.where


@pytest.mark.parametrize("good", ["15 2 * * *", "*/5 0-6 1,15 * MON-FRI", "@daily", " 0 3 * * 7 "])
def test_cron_times_are_taken(tmp_path, monkeypatch, good):
    monkeypatch.setenv("BACKUP_SCHEDULE", good)
    assert load_settings(tmp_path).backup_schedule == good.strip()
