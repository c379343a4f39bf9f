"""A history that is not clean stops a release before anything happens."""

from __future__ import annotations

import shutil

import pytest

from tests.e2e.conftest import GOOD, SHOP

pytestmark = pytest.mark.slow
FIRST = next(iter(SHOP))


def _edited(project):
    (project.migrations / FIRST / "migration.sql").write_text(SHOP[FIRST] + "-- changed\nSELECT 1;\n")


def _missing(project):
    shutil.rmtree(project.migrations / FIRST)
    project.add_migration(*GOOD)


def _failed(project):
    project.execute(
        "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at)"
        " VALUES ('x', 'y', '20260102000000_failed', NOW(3))"
    )


def _out_of_order(project):
    project.add_migration("20250101000000_older", "SELECT 1;\n")


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [(_edited, "edited"), (_missing, "missing"), (_failed, "failed"), (_out_of_order, "out_of_order")],
)
def test_an_unclean_history_is_refused_with_its_own_name_and_nothing_is_touched(project, spoil, kind):
    spoil(project)
    before = project.world()
    code, report = project.report("check")
    assert (code, report["error"]["code"]) == (30, "history")
    code, report = project.report("status")
    assert code == 30 and kind in {finding["kind"] for finding in report["findings"]}
    done = project.run("deploy")
    assert done.returncode == 30, done.stderr
    assert project.world() == before
    left = [path.name for path in project.storage.iterdir()]
    assert not [name for name in left if name.endswith(("-full", ".partial"))], "no backup was made"


def test_a_finding_accepted_by_name_lets_the_release_go_on(project):
    _edited(project)
    project.add_migration(*GOOD)
    assert project.run("deploy", "--accept", FIRST).returncode == 0
    assert GOOD[0] in project.applied()


def test_tables_without_a_history_are_refused_with_the_baseline_command(empty_project):
    project = empty_project
    project.execute("CREATE TABLE `User` (`id` INTEGER NOT NULL PRIMARY KEY)")
    project.add_migration("1_init", "CREATE TABLE `User` (`id` INTEGER NOT NULL PRIMARY KEY);\n")
    done = project.run("deploy")
    assert done.returncode == 31
    assert "dbsync resolve --applied" in done.stderr
    assert project.run("resolve", "--applied", "1_init").returncode == 0
    assert project.run("deploy").returncode == 0


def test_drift_made_by_hand_is_shown_and_stops_the_release(project):
    project.execute("ALTER TABLE `Post` ADD COLUMN `byHand` INTEGER NULL")
    project.add_migration(*GOOD)
    before = project.world()
    done = project.run("deploy")
    assert done.returncode == 33, done.stderr
    assert "byHand" in done.stderr
    assert project.world() == before
    assert project.run("deploy", "--accept-drift").returncode == 0
    assert GOOD[0] in project.applied()


def test_check_refuses_a_migration_that_cannot_run_on_any_database(project):
    before = project.world()
    project.add_migration("20260401000000_typo", "ALTER TABLE `User` ADD COLUM `x` INTEGER;\n")
    for verb in ("check", "deploy"):
        done = project.run(verb)
        assert done.returncode == 40, done.stderr
        assert "20260401000000_typo" in done.stderr and "1064" in done.stderr
    assert not list(project.storage.glob("*-full")), "refused before anything was backed up"
    assert project.world() == before
