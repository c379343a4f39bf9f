"""`restore` goes to the target that is named, or nowhere; a damaged backup goes nowhere."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def backup_id(project) -> str:
    code, report = project.report("backup")
    assert code == 0
    return report["id"]


def test_a_restore_brings_back_rows_and_schema_and_keeps_what_it_replaced(project, backup_id):
    before = project.world()
    project.execute(
        "DELETE FROM `Post`",
        "ALTER TABLE `User` DROP COLUMN `ratio`",
        "CREATE TABLE `Later` (`id` INTEGER NOT NULL PRIMARY KEY)",
    )
    done = project.run("restore", backup_id, "--accept-loss")
    assert done.returncode == 0, done.stderr
    assert project.world() == before
    aside = (project.databases() - {project.database}).pop()
    assert aside in done.stdout and "dbsync restore finish" in done.stdout
    assert aside in project.run("status").stdout
    assert project.query(f"SHOW TABLES FROM `{aside}` LIKE 'Later'")


def test_a_backup_of_another_database_needs_the_target_s_name_typed(project, backup_id, server, tmp_path):
    from resources.mysql.connection import connect, execute
    from tests.support.project import Project

    other = Project(tmp_path / "other", server.tcp_endpoint, f"{project.database}_other", project.tools)
    with connect(other.endpoint) as connection:
        execute(connection, f"CREATE DATABASE `{other.database}`")
    other.environment["BACKUP_STORAGE_PATH"] = str(project.storage)
    before = other.world()
    done = other.run("restore", backup_id, "--accept-loss")
    assert done.returncode == 18, done.stderr
    assert "--confirm-target" in done.stderr
    assert other.world() == before
    other.execute(f"DROP DATABASE `{other.database}`")


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "manifest"])
def test_a_damaged_backup_is_refused_before_the_target_is_touched(project, backup_id, damage):
    project.execute("DELETE FROM `Post` WHERE id = 1")
    before = project.world()
    folder = project.storage / backup_id
    files = [path for path in folder.rglob("*") if path.is_file()]
    file = max((path for path in files if path.name != "manifest.json"), key=lambda path: path.stat().st_size)
    if damage == "manifest":
        file = folder / "manifest.json"
    data = bytearray(file.read_bytes())
    if damage in ("flip", "manifest"):
        data[len(data) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes({"truncate": data[:-1], "empty": b""}.get(damage, bytes(data)))
    done = project.run("restore", backup_id, "--accept-loss")
    assert done.returncode == 21, done.stderr
    assert backup_id in done.stderr and file.name in done.stderr
    assert project.world() == before
    assert project.databases() == {project.database}
    assert project.run("backups", "verify", backup_id).returncode == 21
