"""`dbsync doctor` names everything that is wrong in one go, whatever is wrong with the settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import run

WRONG = {
    "MIGRATION_TIMEOUT": "soon",
    "BACKUP_ENGINE": "tape",
    "MYSQLD": "/nonexistent/mysqld",
    "BACKUP_STORAGE_PATH": "/proc/nowhere",
    "DATA_RULES_PATH": "/nonexistent/rules",
    "NOTIFICATION_WEBHOOK": "ftp://somewhere/T0K3N",
}
FOUND = {
    "setting: MIGRATION_TIMEOUT",
    "setting: BACKUP_ENGINE",
    "setting: DATABASE_URL",
    "machine: mysql",
    "disk: storage",
    "project: data rules",
    "project: migrations",
    "webhook",
}


@pytest.fixture
def application(tmp_path: Path) -> Path:
    (tmp_path / "prisma").mkdir()
    (tmp_path / "prisma" / "schema.prisma").touch()
    return tmp_path


@pytest.mark.parametrize("url", ["", "mysql://u:hunter22@h:notaport/db", "postgres://u:hunter22@h/db"])
def test_everything_wrong_comes_in_one_list_with_a_fix_each_though_there_is_no_usable_url(tmp_path, url):
    done = run("doctor", "--json", "-C", str(tmp_path), DATABASE_URL=url, **WRONG)
    report = json.loads(done.stdout)
    failed = {one["name"]: one for one in report["findings"] if one["status"] == "fail"}
    assert failed.keys() == FOUND
    assert all(one["fix"] for one in failed.values())
    assert (done.returncode, report["ok"], report["error"]["exit_code"]) == (3, False, 3)
    assert "hunter22" not in done.stdout + done.stderr and "T0K3N" not in done.stdout + done.stderr


def test_the_list_for_a_person_shows_the_same_with_the_wrong_values_and_what_is_well(tmp_path):
    done = run("doctor", "-C", str(tmp_path), **WRONG)
    assert done.returncode == 3
    for name in FOUND:
        assert f"✗ {name}: " in done.stdout
    for said in ("'tape'", "/nonexistent/mysqld", "/nonexistent/rules", "export DATABASE_URL="):
        assert said in done.stdout
    assert "✓ machine: python" in done.stdout
    assert f"{len(FOUND)} problems" in done.stderr


def test_an_unreadable_env_file_hides_nothing_else(application):
    (application / ".env").write_bytes(b"DATABASE_URL=mysql://u:p\xe4ss@h/d\n")
    report = json.loads(run("doctor", "--json", "-C", str(application), MYSQLD="/nonexistent").stdout)
    failed = {one["name"] for one in report["findings"] if one["status"] == "fail"}
    assert failed == {f"setting: {application}/.env", "setting: DATABASE_URL", "machine: mysql"}


def test_a_server_that_is_down_is_no_wrong_setting(application):
    done = run("doctor", "--json", "-C", str(application), DATABASE_URL="mysql://u:hunter22@127.0.0.1:1/shop")
    report = json.loads(done.stdout)
    assert done.returncode == report["error"]["exit_code"] == 4
    assert "connection" in report["error"]["why"]
    assert "hunter22" not in done.stdout + done.stderr


def test_a_folder_that_is_not_there_is_a_wrong_command_line(tmp_path):
    done = run("doctor", "-C", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert str(tmp_path / "nowhere") in done.stderr
