"""A database that `prisma db push` made, its migrations marked as applied: they do not replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# Neither table is made by any migration.
PUSHED = (
    "CREATE TABLE `Tenant` (`id` INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY, `name` VARCHAR(191) NOT NULL)",
    "CREATE TABLE `Legacy` (`id` INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY, `ratio` FLOAT NULL,"
    " `note` VARCHAR(20) NULL)",
)
FIRST = "20260101000000_users"
USERS = (
    "CREATE TABLE `User` (`id` INTEGER NOT NULL AUTO_INCREMENT, `tenantId` INTEGER NOT NULL,"
    " PRIMARY KEY (`id`));\n"
    "\n"
    "ALTER TABLE `User` ADD CONSTRAINT `User_tenantId_fkey` FOREIGN KEY (`tenantId`)"
    " REFERENCES `Tenant`(`id`) ON DELETE RESTRICT ON UPDATE CASCADE;\n"
)
NEXT = "20260201000000_legacy_of_tenant"
ALTERS_PUSHED = (
    "ALTER TABLE `Legacy` ADD COLUMN `tenantId` INTEGER NULL;\n"
    "ALTER TABLE `Legacy` ADD CONSTRAINT `Legacy_tenantId_fkey` FOREIGN KEY (`tenantId`)"
    " REFERENCES `Tenant`(`id`) ON DELETE SET NULL ON UPDATE CASCADE;\n"
    "UPDATE `Legacy` SET `tenantId` = 1;\n"
)
SAYS = (f"`{FIRST}` stops at prisma/migrations/{FIRST}/migration.sql:3", "(1824)", "'Tenant'")


@pytest.fixture
def pushed(empty_project):
    project = empty_project
    users = [statement for statement in USERS.split(";\n") if statement.strip()]
    project.execute(
        *PUSHED,
        *users,
        "CREATE VIEW `tenants` AS SELECT `name` FROM `Tenant` JOIN `User` ON `tenantId` = `Tenant`.`id`",
        "CREATE TRIGGER `noted` BEFORE INSERT ON `Legacy` FOR EACH ROW SET NEW.`note` = 'new'",
        "CREATE PROCEDURE `purge`() DELETE FROM `Legacy`",
        "INSERT INTO `Tenant` (`name`) VALUES ('acme'), ('日本')",
        "INSERT INTO `User` (`tenantId`) VALUES (1), (2), (2)",
        "INSERT INTO `Legacy` (`ratio`) VALUES (1.5), (0.25)",
    )
    project.add_migration(FIRST, USERS)
    assert project.run("resolve", "--applied", FIRST).returncode == 0
    return project


def _backups(project):
    return [path.name for path in project.storage.iterdir() if path.name.endswith(("-full", ".partial"))]


def test_it_is_refused_by_every_verb_in_the_same_words_and_nothing_is_touched(pushed):
    project = pushed
    before = project.world()
    assert project.run("check").returncode == 33, "also with nothing pending"
    project.add_migration(NEXT, ALTERS_PUSHED)
    for verb, code in (("check", 33), ("deploy", 33), ("validate", 50)):
        done = project.run(verb)
        assert done.returncode == code, (verb, done.stderr)
        shown = " ".join((done.stdout + done.stderr).split())
        for text in (*SAYS, "0_baseline", "dbsync deploy --accept-drift"):
            assert text in shown, (verb, text)
    assert project.world() == before
    assert _backups(project) == [], "refused before anything was backed up"
    code, report = project.report("status")
    assert (code, report["error"]["code"]) == (33, "drift")
    assert all(text in report["error"]["what"] for text in SAYS)
    assert [(one["kind"], one["migration"], one["accepted"]) for one in report["findings"]] == [
        ("does_not_replay", FIRST, False)
    ]


def test_with_accepted_drift_it_is_released_and_compared_with_its_own_schema(pushed):
    project = pushed
    before = project.world()
    project.add_migration(NEXT, ALTERS_PUSHED)
    code, report = project.report("deploy", "--accept-drift")
    assert (code, report["outcome"]) == (0, "released"), report["error"]
    assert project.applied() == [FIRST, NEXT]
    after = project.world()
    assert "CONSTRAINT `Legacy_tenantId_fkey`" in after.schema["tables"]["Legacy"]
    assert project.query("SELECT id, ratio, note, tenantId FROM Legacy ORDER BY id") == [
        (1, 1.5, "new", 1),
        (2, 0.25, "new", 1),
    ]
    untouched = ("Tenant", "User")
    assert all(after.digests[table] == before.digests[table] for table in untouched)
    assert {kind: after.schema[kind] for kind in ("views", "routines", "triggers")} == {
        kind: before.schema[kind] for kind in ("views", "routines", "triggers")
    }
    record = json.loads(Path(project.storage, "releases", f"{report['deployment']}.json").read_text())
    (warning,) = record["validation"]["warnings"]
    assert all(text in warning for text in SAYS)
    assert "compared with the schema before this release, plus its migrations, instead" in warning

    for verb in ("status", "check", "validate", "deploy"):
        done = project.run(verb, DBSYNC_ACCEPT_DRIFT="true")
        assert done.returncode == 0, (verb, done.stderr)
        assert all(text in " ".join((done.stdout + done.stderr).split()) for text in SAYS), verb


def test_a_pending_script_that_cannot_run_is_refused_before_the_backup(pushed):
    project = pushed
    before = project.world()
    script = "ALTER TABLE `Legacy` DROP COLUMN `note`;\nALTER TABLE `Nowhere` ADD `x` INTEGER;\n"
    path = project.add_migration("20260301000000_bad", script)
    done = project.run("deploy", "--accept-drift")
    assert done.returncode == 40, done.stderr
    assert f"20260301000000_bad/{path.name}:2" in done.stderr and "(1146)" in done.stderr
    assert "tried on a private copy of the present schema" in done.stderr
    assert project.world() == before
    assert _backups(project) == []


def test_a_migration_that_fails_on_the_rows_is_rolled_back(pushed):
    project = pushed
    before = project.world()
    project.add_migration(
        "20260301000000_bad",
        "ALTER TABLE `Legacy` DROP COLUMN `note`;\n"
        "CREATE UNIQUE INDEX `User_tenantId_key` ON `User`(`tenantId`);\n",
    )
    done = project.run("deploy", "--accept-drift")
    assert done.returncode == 40, done.stderr
    assert "Duplicate entry '2'" in done.stderr
    assert project.world() == before
