"""An application begins to use dbsync: check works then, and nothing changed but what was shown."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def files(project):
    return {
        str(path.relative_to(project.folder)): path.read_bytes()
        for path in project.folder.rglob("*")
        if path.is_file() and ".dbsync/" not in str(path)
    }


@pytest.fixture
def application(project):
    (project.folder / ".git").mkdir()
    (project.folder / "package.json").write_text('{\n  "name": "app",\n  "scripts": {}\n}\n')
    return project


def test_without_a_word_everything_is_shown_and_nothing_written(application):
    before = files(application)
    shown = application.run("init")
    assert shown.returncode == 0, shown.stderr
    assert '+    "db:migration:deploy"' in shown.stdout and "+.dbsync/" in shown.stdout
    assert "GRANT" in shown.stdout and "nothing was written" in shown.stdout
    assert files(application) == before


def test_what_is_written_is_what_was_shown_and_check_works_then(application):
    world, before = application.world(), files(application)
    code, told = application.report("init", "--yes")
    assert code == 0
    after = files(application)
    changed = {name for name in after if after[name] != before.get(name)}
    assert {str(application.folder / name) for name in changed} == {one["path"] for one in told["proposed"]}
    assert {".env", ".gitignore", "package.json", "dbsync/grants.sql"} <= changed
    assert application.world() == world
    checked = application.run("check")
    assert checked.returncode == 0 and "Warning" not in checked.stderr, checked.stderr
    _, again = application.report("init", "--yes")
    assert again["proposed"] == [] and files(application) == after


def test_what_is_left_as_it_is_is_said_and_json_stays_one_document(project):
    (project.folder.parent / ".git").mkdir()
    (project.folder / "package.json").write_text('{"scripts": {"db:backup": "mine"}}\n')
    shown = project.run("init")
    assert 'db:backup stays as it is: "mine"' in shown.stdout, shown.stderr
    assert "no workflow is written" in shown.stdout and "docs/github-actions.md" in shown.stdout
    _, told = project.report("init")
    assert len(told["notes"]) == 2 and not any("workflows" in one["path"] for one in told["proposed"])


def test_tables_that_no_migration_made_are_taken_over_by_the_commands_that_are_named(empty_project):
    project = empty_project
    schema = project.folder / "prisma" / "schema.prisma"
    schema.write_text(
        'datasource db {\n  provider = "mysql"\n  url = env("DATABASE_URL")\n}\n'
        "model post {\n  id Int @id @default(autoincrement())\n  title String\n  tags Json\n}\n"
    )
    project.execute(
        "CREATE TABLE `post` (`id` INT NOT NULL AUTO_INCREMENT PRIMARY KEY, `title` VARCHAR(191) NOT NULL,"
        " `tags` JSON NOT NULL) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci",
        "INSERT INTO `post` (`title`, `tags`) VALUES ('a', '[]')",
    )
    (project.folder / "package.json").write_text('{"name": "app", "files": ["dist", "bin"]}\n')
    started = project.run("init", "--yes")
    assert started.returncode == 0, started.stderr
    assert "next: dbsync generate init" in started.stdout and "dbsync baseline" in started.stdout
    assert '"files": ["dist", "bin"]' in (project.folder / "package.json").read_text()
    refused = project.run("check")
    assert refused.returncode == 31 and "dbsync generate init" in refused.stderr
    for command in (("generate", "init"), ("baseline", "--yes"), ("check",)):
        done = project.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
    assert project.query("SELECT `title` FROM `post`") == [("a",)]
    assert [name.partition("_")[2] for name in project.applied()] == ["init"]


def test_where_there_is_no_prisma_project_nothing_is_written(application):
    (application.migrations / "migration_lock.toml").unlink()
    for path in sorted(application.migrations.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    application.migrations.rmdir()
    before = files(application)
    refused = application.run("init", "--yes")
    assert refused.returncode != 0 and "no Prisma project here" in refused.stderr
    assert files(application) == before
