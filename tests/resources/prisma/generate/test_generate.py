"""A whole `generate`: replayed on private servers, written, replayed again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.errors import (
    GenerateFailedError,
    MigrationsFolderError,
    UndecidedRenameError,
    UsageError,
)
from resources.mysql.connection import connect
from resources.prisma.folder import read_migrations
from resources.prisma.generate import generate as module
from resources.prisma.generate.generate import generate
from resources.prisma.generate.renames import Decisions, Undecided, answered, decisions
from resources.validation.compare import COLUMN_ORDER, compare
from resources.validation.expected import expected_schemas

pytestmark = pytest.mark.slow

SHOP = Path(__file__).parents[4] / "examples" / "shop" / "prisma"
AT = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
DATASOURCE = 'datasource db {\n  provider = "mysql"\n  url = env("DATABASE_URL")\n}\n'
USER = "model User {\n  id Int @id\n  name String\n  mail String? @db.VarChar(100)\n}\n"


@pytest.fixture
def project(target, parser):
    """A target whose migrations lie beside a schema, as in an application; write(text) changes that."""
    folder = target.migrations.parent / "prisma"
    folder.mkdir()
    placed = replace(target, migrations=folder / "migrations")

    def write(text):
        (folder / "schema.prisma").write_text(DATASOURCE + text)
        return placed

    return write


def _names(target):
    return [file.name for file in read_migrations(target.migrations)]


def test_the_shop_from_nothing_is_the_database_of_its_own_migrations(target, project):
    placed = project("")
    shutil.copy(SHOP / "schema.prisma", placed.migrations.parent / "schema.prisma")
    made = generate(placed, "Init shop", now=AT)
    assert made.name == "20261126120000_init_shop"
    assert made.path
    assert made.path.read_text() == made.script
    assert made.path.stat().st_mode & 0o777 == 0o644
    assert 'provider = "mysql"' in (placed.migrations / "migration_lock.toml").read_text()
    own = read_migrations(SHOP / "migrations")
    with connect(target.endpoint) as connection:
        ours, theirs = expected_schemas(placed, [read_migrations(placed.migrations), own], connection)
    left = [one for one in compare(theirs, ours) if one.element != COLUMN_ORDER]
    assert left == []  # the order of columns is the order of their migrations
    assert generate(placed, "again").script == ""
    assert _names(placed) == [made.name]


def test_the_shops_own_migrations_leave_nothing_to_do(project):
    placed = project("")
    shutil.copytree(SHOP / "migrations", placed.migrations)
    shutil.copy(SHOP / "schema.prisma", placed.migrations.parent / "schema.prisma")
    assert generate(placed, "nothing").name is None
    assert _names(placed) == _names(replace(placed, migrations=SHOP / "migrations"))


def test_a_rename_is_asked_for_and_then_keeps_the_column(project):
    generate(project(USER), "init", now=AT)
    placed = project(USER.replace("name String", 'fullName String @map("full_name")'))
    with pytest.raises(UndecidedRenameError) as caught:
        generate(placed, "rename")
    assert "--rename User.name=full_name or --drop User.name" in caught.value.hint
    assert len(_names(placed)) == 1
    renamed = generate(placed, "rename", given=decisions(["User.name=fullName"], []))
    assert renamed.script == "-- AlterTable\nALTER TABLE `User` RENAME COLUMN `name` TO `full_name`;\n"
    assert generate(placed, "again").name is None


def test_a_rename_with_another_type_is_asked_for_too_and_then_changes_the_type_of_what_is_there(project):
    generate(project(USER), "init", now=AT)
    placed = project(USER.replace("name String", "title String @db.VarChar(300)"))
    with pytest.raises(UndecidedRenameError) as caught:
        generate(placed, "rename")
    assert "--rename User.name=title or --drop User.name" in caught.value.hint
    script = generate(placed, "rename", given=decisions(["User.name=title"], [])).script
    assert "RENAME COLUMN `name` TO `title`;" in script and "MODIFY `title` VARCHAR(300)" in script
    assert "DROP" not in script


def test_a_table_that_gained_columns_with_its_new_name_is_asked_for(project):
    generate(project("model Tag {\n  id Int @id\n}\n"), "init", now=AT)
    placed = project("model Label {\n  id Int @id\n  a Int\n  b Int\n  c Int\n}\n")
    with pytest.raises(UndecidedRenameError) as caught:
        generate(placed, "rename")
    assert "--rename Tag=Label or --drop Tag" in caught.value.hint


def test_a_drop_that_was_decided_is_a_drop(project):
    generate(project(USER), "init", now=AT)
    placed = project(USER.replace("name String", "title String"))
    dropped = generate(placed, "drop", given=decisions([], ["User.name"]))
    assert "DROP COLUMN `name`,\n    ADD COLUMN `title` VARCHAR(191) NOT NULL;" in dropped.script


def test_a_renamed_table_and_column_are_decided_one_after_the_other(project):
    generate(project(USER), "init", now=AT)
    placed = project(USER.replace("model User", "model Person").replace("mail String?", "email String?"))
    given, asked = Decisions({}), []
    for new in ("Person", "email"):
        with pytest.raises(Undecided) as caught:
            generate(placed, "people", given=given)
        asked.append(caught.value.questions[0].name)
        given = answered(given, caught.value.questions[0], new)
    assert asked == ["User", "Person.mail"]
    assert generate(placed, "people", given=given).script == (
        "-- AlterTable\nALTER TABLE `User` RENAME COLUMN `mail` TO `email`;\n\n"
        "-- RenameTable\nALTER TABLE `User` RENAME TO `Person`;\n"
    )


def test_a_rename_of_what_is_not_there_is_refused(project):
    generate(project(USER), "init", now=AT)
    with pytest.raises(UsageError, match=r"make no column User\.nome"):
        generate(project(USER), "x", given=decisions(["User.nome=name"], []))


def test_a_migration_that_does_not_make_the_schema_is_not_left_behind(project, monkeypatch):
    generate(project(USER), "init", now=AT)
    placed = project(USER + "model Tag {\n  id Int @id\n}\n")

    def write_another(migrations, name, script):
        return module_write(migrations, name, script.replace("`id` INTEGER", "`id` BIGINT"))

    module_write = module.write_migration
    monkeypatch.setattr(module, "write_migration", write_another)
    with pytest.raises(GenerateFailedError, match="removed again"):
        generate(placed, "tag")
    assert len(_names(placed)) == 1


def test_a_clock_that_is_behind_the_last_migration_is_refused(project):
    generate(project(USER), "init", now=AT.replace(year=2030))
    with pytest.raises(UsageError, match="out of order"):
        generate(project(USER + "model Tag {\n  id Int @id\n}\n"), "tag", now=AT)


def test_a_schema_that_mysql_refuses_is_named_as_that_and_nothing_is_written(project):
    placed = project('model Post {\n  id Int @id\n  body String @default("x") @db.Text\n}\n')
    with pytest.raises(MigrationsFolderError, match="MySQL refuses what the schema asks for") as caught:
        generate(placed, "init", now=AT)
    assert "CREATE TABLE `Post`" in caught.value.why and "1101" in caught.value.why
    assert "schema file" in caught.value.hint
    assert _names(placed) == []
