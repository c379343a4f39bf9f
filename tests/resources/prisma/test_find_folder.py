"""The migrations folder is found as Prisma finds it, and a wrong place is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resources.errors import MigrationsFolderError
from resources.prisma.find_folder import find_migrations, require_prisma_folder

CONFIG = """import { defineConfig } from "prisma/config";
// migrations: { path: "not/this" }
export default defineConfig({
  schema: "database/schema.prisma",
  %s
});
"""


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (None, "", "prisma/migrations"),
        ("package.json", '{"prisma": {"schema": "src/db/schema.prisma"}}', "src/db/migrations"),
        ("package.json", "not json", "prisma/migrations"),
        ("prisma.config.ts", CONFIG % "", "database/migrations"),
        ("prisma.config.ts", CONFIG % "migrations: { path: 'database/changes' },", "database/changes"),
        (".config/prisma.ts", CONFIG % "", "database/migrations"),
        (
            "prisma.config.ts",
            'x({ schema: path.join("db", "a.prisma"), seed: "tsx db/*.ts" })',
            "db/migrations",
        ),
        (
            "prisma.config.ts",
            "x({ schema: `a.prisma`, migrations: { seed: 'x', path: path.join(__dirname, 'db', 'made') } })",
            "db/made",
        ),
        ("prisma.config.ts", "x({ schema: join(base, 'db', 'a.prisma') })", "prisma/migrations"),
    ],
)
def test_it_is_where_prisma_looks(tmp_path: Path, file: str | None, text: str, expected: str) -> None:
    if file:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    assert find_migrations(tmp_path) == tmp_path / expected


def test_a_schema_folder_has_its_migrations_inside(tmp_path: Path) -> None:
    (tmp_path / "prisma" / "schema").mkdir(parents=True)
    (tmp_path / "package.json").write_text('{"prisma": {"schema": "prisma/schema"}}')
    assert find_migrations(tmp_path) == tmp_path / "prisma" / "schema" / "migrations"


def test_a_schema_folder_named_in_parts_has_its_migrations_inside_too(tmp_path: Path) -> None:
    (tmp_path / "prisma" / "schema").mkdir(parents=True)
    (tmp_path / "prisma.config.ts").write_text('x({ schema: path.join("prisma", "schema") })')
    assert find_migrations(tmp_path) == tmp_path / "prisma" / "schema" / "migrations"


def test_a_place_without_prisma_is_refused_and_the_real_one_named(tmp_path: Path) -> None:
    there = tmp_path / "packages" / "api" / "prisma" / "migrations"
    there.mkdir(parents=True)
    (there / "migration_lock.toml").touch()
    with pytest.raises(MigrationsFolderError) as refused:
        require_prisma_folder(find_migrations(tmp_path))
    assert "packages/api/prisma/migrations" in refused.value.why
    named = re.search(r"-C (\S+);", refused.value.hint)
    assert named and Path(named[1]).resolve() == tmp_path / "packages" / "api"
    require_prisma_folder(there)
    second = tmp_path / "packages" / "shop" / "src" / "db" / "migrations"
    second.mkdir(parents=True)
    (second / "migration_lock.toml").touch()
    with pytest.raises(MigrationsFolderError, match="-C FOLDER"):
        require_prisma_folder(find_migrations(tmp_path))


def test_the_folder_to_name_is_the_package_that_the_migrations_belong_to(tmp_path: Path) -> None:
    there = tmp_path / "packages" / "api" / "src" / "db" / "migrations"
    there.mkdir(parents=True)
    (there / "migration_lock.toml").touch()
    (tmp_path / "packages" / "api" / "package.json").write_text("{}")
    with pytest.raises(MigrationsFolderError) as refused:
        require_prisma_folder(find_migrations(tmp_path))
    named = re.search(r"-C (\S+);", refused.value.hint)
    assert named and Path(named[1]).resolve() == tmp_path / "packages" / "api"


def test_a_schema_without_migrations_is_a_project_that_has_none_yet(tmp_path: Path) -> None:
    (tmp_path / "prisma").mkdir()
    (tmp_path / "prisma" / "schema.prisma").touch()
    require_prisma_folder(find_migrations(tmp_path))
