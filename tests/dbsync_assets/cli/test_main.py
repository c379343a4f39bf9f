"""The command's manners: fast help, exit codes, errors without tracebacks."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from dbsync_assets.cli.main import main
from resources.settings import CHECKOUT
from tests.support.command import run


def test_help_imports_neither_dagster_nor_pandas_nor_great_expectations_nor_apprise():
    code = (
        "import sys; from dbsync_assets.cli.main import main; assert main(['--help']) == 0;"
        "assert main(['deploy', '--help']) == 0;"
        "heavy = {'dagster', 'pandas', 'great_expectations', 'sqlglot', 'apprise', 'pymysql'};"
        "heavy &= set(sys.modules);"
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
    for verb in ("rollback", "resolve", "reset", "notify", "mysql", "demo", "ui"):
        assert verb in done.stdout


@pytest.mark.parametrize("arguments", [["bogus"], ["status", "--bogus"], ["restore"]])
def test_a_wrong_command_line_exits_2_and_names_the_help(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert "--help" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "option", ["--tables", "--into", "--to", "--to-gtid", "--to-before-migration", "--confirm-target"]
)
@pytest.mark.parametrize("value", ["", " ", " , "])
def test_an_empty_option_of_restore_is_refused_and_not_taken_as_left_away(option, value, capsys):
    # As an empty shell variable gives it; without a value all of the database would be restored.
    assert main(["restore", "20261123T101500Z-0001-full", option, value]) == 2
    assert f"{option} is empty" in capsys.readouterr().err


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


@pytest.mark.parametrize("arguments", [[], ["backups"], ["mysql"]])
def test_without_a_verb_the_help_is_printed_plainly(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Usage: {' '.join(['dbsync', *arguments])} ")
    assert "Commands:" in done.stderr and "✗" not in done.stderr and "next:" not in done.stderr


def test_an_option_without_its_value_points_to_the_help_of_its_verb():
    done = run("deploy", "--accept")
    assert done.returncode == 2 and "dbsync deploy --help" in done.stderr


@pytest.mark.parametrize(
    "verb",
    ["check", "deploy", "backup", "validate", "health", "status", "rollback", "reset", "ui", "doctor"],
)
def test_a_folder_that_is_not_there_is_said_to_be_so_and_is_not_made(tmp_path, verb):
    nowhere = tmp_path / "nowhere"
    done = run(verb, "-C", str(nowhere), DATABASE_URL="mysql://a:hunter222@127.0.0.1:1/shop")
    assert done.returncode == 2, done.stderr
    assert str(nowhere) in done.stderr and not nowhere.exists()


def test_a_project_below_the_home_folder_may_be_written_with_a_tilde(tmp_path):
    (tmp_path / "app").mkdir()
    done = run("status", "--project=~/app", HOME=str(tmp_path))
    assert done.returncode == 3 and str(tmp_path / "app" / ".env") in done.stderr


@pytest.mark.parametrize("setting", ["BACKUP_STORAGE_PATH", "DBSYNC_STATE"])
def test_a_folder_that_cannot_be_made_is_named_with_its_setting(tmp_path, setting):
    file = tmp_path / "file"
    file.touch()
    folders = {name: str(tmp_path / name) for name in ("BACKUP_STORAGE_PATH", "DBSYNC_STATE", "DAGSTER_HOME")}
    folders[setting] = str(file / "x")
    url = "mysql://a:hunter222@127.0.0.1:1/shop"
    done = run("deploy", "-C", str(tmp_path), **{**folders, "DATABASE_URL": url})
    assert done.returncode == 4, done.stderr
    assert setting in done.stderr and str(file / "x") in done.stderr
    assert "nothing was changed" in done.stderr


@pytest.mark.parametrize("debug", ["", "1"])
def test_an_unforeseen_error_shows_no_password_not_even_in_its_traceback(tmp_path, debug):
    code = (
        "import sys; import resources.prisma.status as status\n"
        "def broken(target):\n"
        "    try:\n"
        "        raise ValueError(target.endpoint.password)\n"
        "    except ValueError as error:\n"
        "        raise RuntimeError('at ' + target.endpoint.password) from error\n"
        "status.migration_status = broken\n"
        "from dbsync_assets.cli.main import main; sys.exit(main(['status', '-C', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)],
        env={
            "PYTHONPATH": str(CHECKOUT),
            "PATH": "/usr/bin:/bin",
            "DATABASE_URL": "mysql://a:hunter%20222@127.0.0.1:1/shop",
            "DBSYNC_DEBUG": debug,
        },
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "RuntimeError" in done.stderr
    assert ("Traceback" in done.stderr) is bool(debug)
    assert "222" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": "mysql://a:hunter222@127.0.0.1:1/shop", "MIGRATION_TIMEOUT": "soon"},
        {"DATABASE_URL": "mysql://a:hunter222#@127.0.0.1:1/shop"},
    ],
)
def test_wrong_settings_show_no_password_with_debugging_on(tmp_path, environment):
    done = run("status", "-C", str(tmp_path), DBSYNC_DEBUG="1", **environment)
    assert done.returncode == 3
    assert "hunter222" not in done.stdout + done.stderr


def test_a_port_that_is_in_use_is_said_before_dagster_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("ui", "-C", str(tmp_path), "--port", str(port), DAGSTER_HOME=str(tmp_path / "home"))
    assert done.returncode == 2 and f"127.0.0.1:{port}" in done.stderr
    assert not (tmp_path / "home").exists()
