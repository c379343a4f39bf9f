"""A database that Prisma never migrated is taken over, and a wrong belief about it is not recorded."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import GOOD, SHOP

pytestmark = pytest.mark.slow


@pytest.fixture
def pushed(empty_project):
    """What `prisma db push` leaves: the tables of the first migration, and no history."""
    for sql in SHOP.values():
        empty_project.execute(*filter(str.strip, sql.split(";\n")))
    for name, sql in (*SHOP.items(), GOOD):
        empty_project.add_migration(name, sql)
    return empty_project


def history(project):
    found = project.query(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
        " AND table_name = '_prisma_migrations'"
    )
    if not found[0][0]:
        return None
    names = project.query("SELECT migration_name FROM _prisma_migrations ORDER BY started_at")
    return [name for (name,) in names]


def test_what_the_tables_contain_is_found_shown_and_recorded_only_when_told_to(pushed):
    first, second = next(iter(SHOP)), GOOD[0]
    shown = pushed.run("baseline")
    assert (
        shown.returncode == 0
        and f"contained  {first}" in shown.stdout
        and f"pending    {second}" in shown.stdout
    )
    assert history(pushed) is None
    recorded = pushed.run("baseline", "--yes")
    assert recorded.returncode == 0, recorded.stderr
    assert history(pushed) == [first]
    assert pushed.run("deploy").returncode == 0
    assert history(pushed) == [first, second]


def test_a_difference_is_shown_and_needs_a_word(pushed):
    pushed.execute("ALTER TABLE `Post` MODIFY `title` VARCHAR(100) NOT NULL")
    refused = pushed.run("baseline", "--yes")
    assert refused.returncode == 33, refused.stderr
    assert "table `Post`, column `title`: different" in refused.stdout and "varchar(100)" in refused.stdout
    assert history(pushed) is None
    assert pushed.run("baseline", "--yes", "--accept-differences").returncode == 0
    assert history(pushed) == [next(iter(SHOP))]


def test_a_database_with_a_history_is_refused(project):
    before = history(project)
    refused = project.run("baseline", "--yes")
    assert refused.returncode != 0 and "nothing to baseline" in refused.stderr
    assert history(project) == before


def test_after_accepted_collations_a_text_column_can_still_be_added(empty_project):
    project = empty_project
    project.execute(
        "CREATE TABLE `A` (`id` INT NOT NULL PRIMARY KEY, `v` VARCHAR(9)) COLLATE utf8mb4_0900_ai_ci"
    )
    project.add_migration(
        "1_init",
        "CREATE TABLE `A` (`id` INT NOT NULL PRIMARY KEY, `v` VARCHAR(9)) COLLATE utf8mb4_unicode_ci;",
    )
    assert project.run("baseline", "--yes", "--accept-differences").returncode == 0
    project.add_migration("2_text", "ALTER TABLE `A` ADD COLUMN `n` VARCHAR(9);")
    assert project.run("deploy").returncode == 33
    released = project.run("deploy", "--accept-drift")
    assert released.returncode == 0, released.stderr
    assert history(project) == ["1_init", "2_text"]
