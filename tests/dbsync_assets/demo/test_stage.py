"""The demo touches its own folder and its own server, and nothing else, whatever the environment says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dbsync_assets.demo.stage import MARK
from resources.mysql.connection import connect, rows
from tests.support.command import run


@pytest.mark.parametrize("names", [["notes.txt"], ["shop/package.json"], ["shop/a", "mysql/b"]])
def test_a_folder_that_holds_anything_but_an_earlier_demo_is_left_as_it_is(tmp_path: Path, names: list[str]):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("precious")
    done = run("demo", "--folder", str(tmp_path))
    assert done.returncode == 2 and str(tmp_path) in done.stderr
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(names)


def test_a_machine_without_git_is_told_so_before_anything_is_made(tmp_path: Path):
    folder = tmp_path / "demo"
    done = run("demo", "--folder", str(folder), PATH=str(tmp_path))
    assert done.returncode == 4 and "git" in done.stderr
    assert not folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize("option", [[], ["--json"]], ids=["text", "json"])
def test_the_database_and_the_storage_that_the_environment_names_are_not_touched(
    server, database, tools, tmp_path, option
):
    endpoint = server.tcp_endpoint
    settings = {
        "DATABASE_URL": f"mysql://{endpoint.user}:{endpoint.password}@127.0.0.1:{endpoint.port}/{database}",
        "BACKUP_STORAGE_PATH": str(tmp_path / "storage"),
        "NOTIFICATION_WEBHOOK": "http://127.0.0.1:1/",
        "PRISMA_MIGRATIONS": str(tmp_path / "migrations"),
        "PATH": os.environ["PATH"],
        "DBSYNC_TOOLS": str(tools),
    }
    if "MYSQLD" in os.environ:
        settings["MYSQLD"] = os.environ["MYSQLD"]
    (tmp_path / "demo").mkdir()
    for left in (MARK, "left by an earlier demo"):
        (tmp_path / "demo" / left).touch()
    done = run("demo", "--rows", "1000", "--folder", str(tmp_path / "demo"), *option, **settings)
    assert done.returncode == 0, done.stderr
    if option:
        acts = json.loads(done.stdout)["acts"]
        assert [act["outcome"] for act in acts] == ["released", "rolled_back"]
        assert acts[1]["error"]["what"].endswith("failed at statement 5")
    else:
        assert "act two: failed, rolled back" in done.stdout
    with connect(endpoint, database) as connection:
        assert rows(connection, "SHOW TABLES") == []
    assert {path.name for path in tmp_path.iterdir()} == {"demo"}
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {MARK, "shop", "mysql"}
    assert "notice" not in done.stderr
