"""A table dropped by mistake comes back, by the commands that a person types."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from resources.mysql.connection import connect, value
from tests.support.project import World

pytestmark = pytest.mark.slow


def now(project) -> str:
    with connect(project.endpoint) as connection:
        return str(value(connection, "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%d %H:%i:%s.%fZ')"))


def test_a_dropped_table_is_recovered_to_just_before(project):
    code, full = project.report("backup")
    assert code == 0
    project.execute("INSERT INTO `User` (`email`) VALUES ('new@x')")
    code, first = project.report("backup", "--incremental")
    assert code == 0 and first["parent"] == full["id"] and first["type"] == "incremental"
    project.execute("INSERT INTO `Post` (`userId`, `title`) VALUES (1, 'the last good one')")
    good, time = project.world(), now(project)
    project.execute("DROP TABLE `Post`", "UPDATE `User` SET `email` = 'wrong'")
    code, second = project.report("backup", "--incremental")
    assert code == 0 and second["parent"] == first["id"]

    code, listed = project.report("backups", "list")
    assert [(one["type"], one["parent"]) for one in listed] == [
        ("full", ""),
        ("incremental", full["id"]),
        ("incremental", first["id"]),
    ]
    assert project.run("backups", "verify", second["id"]).returncode == 0
    shown = project.run("backups", "show", second["id"])
    assert shown.returncode == 0 and first["id"] in shown.stdout

    before = project.world()
    code, seen = project.report("restore", "--to", time, "--dry-run")
    assert code == 0 and seen["base"] == full["id"]
    assert seen["replayed"]["transactions"] == 2 and seen["lost"]["transactions"] == 2
    assert seen["lost"]["rows"] == {"User": {"inserted": 0, "updated": 4, "deleted": 0}}
    assert seen["lost"]["statements"] == 1
    assert project.world() == before, "a dry run changes nothing"
    code, seen = project.report("restore", "--to", time, "--dry-run", "--tables", "Post")
    assert code == 0 and seen["lost"]["rows"] == {}
    for wrong in (("--tables", "Nope"), ("--into", "mysql")):
        code, refused = project.report("restore", full["id"], "--dry-run", *wrong)
        assert code == 2 and wrong[1] in str(refused), "as the restore itself would"
    shown = project.run("restore", "--to", time, "--dry-run")
    assert "2 transactions" in shown.stdout and "User" in shown.stdout

    code, left = project.report("restore", "--to", time, "--private")
    assert code == 0 and project.world() == before
    try:
        client, sql = shlex.split(left["connect"]), "SELECT `title` FROM `Post` ORDER BY `id`"
        typed = subprocess.run(client, input=sql.encode(), capture_output=True, check=True, env={})
        assert typed.stdout.splitlines()[-1] == b"the last good one"
        assert left["name"] in project.run("private", "list").stdout
    finally:
        assert project.run("private", "stop", left["name"]).returncode == 0
    assert project.report("private", "list") == (0, [])

    code, refused = project.report("restore", full["id"], "--to", time)
    assert code == 64 and "`User`: 4 updated" in refused["error"]["why"]
    assert project.world() == before
    asked = f"dbsync restore {full['id']} --to {time.replace(' ', 'T')} --accept-loss"
    assert refused["error"]["hint"].startswith(asked)
    assert project.run("status").returncode == 0, "nothing is left unfinished"
    code, done = project.report("restore", full["id"], "--to", time, "--accept-loss")
    assert done["lost"]["rows"]["User"]["updated"] == 4
    assert code == 0 and _data(project.world()) == _data(good)


def _data(world: World) -> tuple[object, object]:
    return world.schema, world.digests


def test_the_state_before_a_migration_comes_back(project):
    assert project.run("backup").returncode == 0
    good = project.world()
    project.add_migration("20260401000000_bad", "UPDATE `User` SET `email` = 'same';\n")
    assert project.run("deploy").returncode == 0
    assert project.world() != good
    code, newer = project.report("backup")
    assert code == 0, "the newest one is of after the migration"
    code, seen = project.report("restore", "--to-before-migration", "20260401000000_bad", "--dry-run")
    assert code == 0 and seen["base"] != newer["id"]
    code, restored = project.report("restore", "--to-before-migration", "20260401000000_bad")
    assert code == 0, restored
    assert restored["backup_id"] == seen["base"]
    assert project.world() == good


def test_refusals_have_their_own_exit_codes_and_advice(project):
    code, refused = project.report("backup", "--incremental")
    assert code == 28 and "no full backup" in refused["error"]["what"]
    assert refused["error"]["hint"].startswith("dbsync backup")
    code, refused = project.report("restore", "--to", "2001-01-01 00:00Z", "--dry-run")
    assert code == 29
    code, refused = project.report("restore", "--to", "yesterday", "--private")
    assert code == 2
    code, refused = project.report("restore", "--to", "yesterday")
    assert code == 2
    code, refused = project.report("private", "stop", "p1")
    assert code == 2


def test_it_waits_for_no_other_deployment(project):
    with connect(project.endpoint) as holder:
        assert project.run("backup").returncode == 0
        assert value(holder, "SELECT GET_LOCK('prisma_migrate', 0)") == 1
        assert project.run("backup", "--incremental").returncode == 15
    _, listed = project.report("backups", "list")
    assert [one["type"] for one in listed] == ["full"]
