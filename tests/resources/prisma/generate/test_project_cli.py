"""Which `prisma` package is the project's own."""

from __future__ import annotations

import json

import pytest

from resources.prisma.generate.losses import dropped
from resources.prisma.generate.project_cli import find_project_cli


@pytest.fixture
def place(tmp_path):
    """A repository with an application in it; install(folder, version) a package there."""
    schema = tmp_path / "repository" / "app" / "prisma" / "schema.prisma"
    schema.parent.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()

    def install(folder, version, **manifest):
        package = tmp_path / folder / "node_modules" / "prisma"
        (package / "build").mkdir(parents=True)
        (package / "build" / "index.js").touch()
        manifest = {"version": version, "bin": {"prisma": "build/index.js"}, **manifest}
        (package / "package.json").write_text(json.dumps(manifest))

    def find():
        found = find_project_cli(schema, tmp_path / "repository" / "app")
        return found and found.name

    return install, find


def test_the_nearest_package_is_taken_up_to_the_root_of_the_repository(place):
    install, find = place
    install(".", "5.0.0")
    assert find() is None, "above the repository anybody may have put it"
    install("repository", "6.19.3")
    assert find() == "prisma 6.19.3"
    install("repository/app", "7.10.1")
    assert find() == "prisma 7.10.1"


def test_what_is_no_installed_cli_is_passed_over(place):
    install, find = place
    install("repository/app", "7", bin=None)
    install("repository/app/prisma", "7.10.1; rm -rf")
    install("repository", "6.0.0-dev.1", bin="build/index.js")
    assert find() == "prisma 6.0.0-dev.1"


def test_what_a_script_drops_is_named_with_its_table():
    script = (
        "/* You are about to drop the column `x` */\nALTER TABLE `User` DROP COLUMN `name`,\n"
        "    DROP COLUMN `a``b`;\n-- DropTable\nDROP TABLE `Post`;\nALTER TABLE `Tag` DROP FOREIGN KEY `k`;\n"
    )
    assert dropped(script) == {"user.name", "user.a``b", "post"}
