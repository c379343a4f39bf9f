"""A one-statement body keeps the semicolon behind it where the script goes on: also when it is made anew."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import DUPLICATES

pytestmark = pytest.mark.slow
KEPT = (
    "20260201000000_kept",
    "CREATE TABLE `Log` (`id` INTEGER NOT NULL, PRIMARY KEY (`id`));\n"
    "CREATE TRIGGER `User_ai` AFTER INSERT ON `User` FOR EACH ROW INSERT INTO `Log` VALUES (NEW.`id`);\n"
    "CREATE TRIGGER `User_bi` BEFORE INSERT ON `User` FOR EACH ROW SET NEW.`ratio` = 1;\n"
    "CREATE TRIGGER `Post_bi` BEFORE INSERT ON `Post` FOR EACH ROW BEGIN SET NEW.`title` = 'x'; END;\n"
    "CREATE PROCEDURE `clean`() DELETE FROM `Log`;\n"
    "CREATE FUNCTION `one`() RETURNS INT DETERMINISTIC RETURN 1;\n"
    "CREATE INDEX `Log_id_idx` ON `Log`(`id`);\n",
)
BAD = (
    "20260301000000_bad",
    "DROP TRIGGER `User_ai`;\nDROP PROCEDURE `clean`;\nDROP FUNCTION `one`;\n"
    f"UPDATE `User` SET `ratio` = 7;\n{DUPLICATES}\n",
)


@pytest.fixture
def kept(project):
    project.add_migration(*KEPT)
    done = project.run("deploy")
    assert done.returncode == 0, done.stderr
    schema = project.world().schema
    assert schema["triggers"]["User_ai"].endswith(";") and schema["routines"]["PROCEDURE clean"].endswith(";")
    return project


def test_a_rollback_makes_them_again_to_the_letter_and_the_next_release_goes_well(kept):
    before = kept.world()
    path = kept.add_migration(*BAD)
    done = kept.run("deploy")
    assert done.returncode == 40, done.stderr
    assert kept.world() == before
    path.unlink()
    path.parent.rmdir()
    assert kept.run("deploy").returncode == 0


@pytest.mark.parametrize("engine", ["clone", "mysqldump"])
def test_a_backup_by_any_engine_is_proven_and_its_restore_makes_them_to_the_letter(kept, engine):
    before = kept.world()
    code, made = kept.report("backup", BACKUP_ENGINE=engine, BACKUP_ACCEPT_LOSSY="User")
    assert code == 0 and made["engine"] == engine and made["proof"]["proven"], made
    kept.execute("DROP TRIGGER `User_ai`", "DROP PROCEDURE `clean`", "DROP FUNCTION `one`")
    done = kept.run("restore", made["id"], "--accept-loss")
    assert done.returncode == 0, done.stderr
    assert kept.world().schema == before.schema
    kept.run("restore", "finish", "--yes")
    assert kept.run("validate").returncode == 0
