"""The command's manners: fast help, exit codes, errors without tracebacks."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from resources.settings import CHECKOUT


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "dbsync_assets.cli", *arguments],
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_imports_neither_dagster_nor_pandas_nor_great_expectations():
    code = (
        "import sys; from dbsync_assets.cli.main import main; assert main(['--help']) == 0;"
        "assert main(['deploy', '--help']) == 0;"
        "heavy = {'dagster', 'pandas', 'great_expectations', 'sqlglot'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin"},
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for verb in ("doctor", "backup", "backups", "check", "deploy", "validate", "health", "status", "restore"):
        assert verb in done.stdout
    for verb in ("rollback", "resolve", "reset", "mysql", "demo", "ui"):
        assert verb in done.stdout


@pytest.mark.parametrize("arguments", [["bogus"], ["status", "--bogus"], ["restore"]])
def test_a_wrong_command_line_exits_2_and_names_the_help(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert "--help" in done.stderr and "Traceback" not in done.stderr


def test_a_missing_database_url_exits_3_and_says_how_to_set_it(tmp_path):
    done = run("status", "-C", str(tmp_path))
    assert done.returncode == 3
    assert "export DATABASE_URL=" in done.stderr


def test_a_wrong_folder_exits_32_an_unreachable_server_10_and_json_carries_the_same_error(tmp_path):
    url = "mysql://app:hunter222@127.0.0.1:1/shop"
    nowhere = run("status", "-C", str(tmp_path), DATABASE_URL=url)
    assert nowhere.returncode == 32, "a folder without a Prisma project is not an up-to-date one"
    (tmp_path / "prisma").mkdir()
    (tmp_path / "prisma" / "schema.prisma").touch()
    done = run("status", "-C", str(tmp_path), "--json", DATABASE_URL=url)
    assert done.returncode == 10
    error = json.loads(done.stdout)["error"]
    assert (error["exit_code"], error["code"]) == (10, "unreachable")
    assert "hunter222" not in done.stdout + done.stderr
