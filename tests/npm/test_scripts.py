"""The npm scripts of an application that installed the packed package, on a real MySQL."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.settings import CHECKOUT
from tests.e2e.conftest import BAD, GOOD, empty_project, project

__all__ = ["empty_project", "project"]
pytestmark = pytest.mark.slow
PACKAGE = CHECKOUT / "npm"
MANIFEST = '{\n    "name": "app",\n    "scripts": {\n        "build": "next build"\n    }\n}\n'

Npm = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def tarball(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(folder), str(PACKAGE)],
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        check=True,
        timeout=60,
    )
    (packed,) = folder.glob("*.tgz")
    return packed


@pytest.fixture
def npm(project, tarball) -> Npm:
    """npm in the application's folder, where the package is installed without a network."""
    (project.folder / "package.json").write_text(MANIFEST)

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["npm", *arguments],
            cwd=project.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(project.folder),
                "DATABASE_URL": project.url,
                "DBSYNC_TOOLS": str(project.tools),
                "DBSYNC_HOME": str(CHECKOUT),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
        )

    done = run("install", "--offline", "--no-audit", "--no-fund", "--save-dev", str(tarball))
    assert done.returncode == 0, done.stderr
    done = run("exec", "--", "dbsync-prisma", "init", "--yes")
    assert done.returncode == 0, done.stderr
    return run


def test_each_script_ends_with_the_exit_code_of_the_table(project, npm):
    said: list[str] = []

    def ends(script: str, *arguments: str, **environment: str) -> int:
        done = npm("run", "--silent", script, "--", *arguments, **environment)
        said.append(done.stdout + done.stderr)
        return done.returncode

    path = project.add_migration(*GOOD)
    assert ends("db:status") == 34
    assert ends("db:migration:check") == 0
    done = npm("run", "--silent", "db:migration:deploy", "--", "--json", CI="true")
    assert done.returncode == 0, done.stderr
    deployment = json.loads(done.stdout)["deployment"]
    assert project.applied()[-1] == GOOD[0]
    assert ends("db:migration:validate", DBSYNC_DEPLOYMENT=deployment) == 0
    assert ends("db:health:check", DBSYNC_DEPLOYMENT=deployment) == 0
    assert ends("db:backup", CI="true") == 0 and "goes on by itself" in said[-1]
    assert ends("db:restore", "20200101T000000Z-000000") == 22
    assert ends("db:rollback", CI="true") == 0 and "goes on by itself" in said[-1]
    assert GOOD[0] not in project.applied()
    # A later step does not take the database for what its workflow deployed.
    assert ends("db:migration:validate", DBSYNC_DEPLOYMENT=deployment) == 73
    before = project.world()
    path.parent.rename(project.folder / "kept")
    project.add_migration(*BAD)
    assert ends("db:migration:deploy") == 40
    assert project.world() == before
    shutil.rmtree(project.migrations / BAD[0])
    first = project.migrations / "20260101000000_init" / "migration.sql"
    first.write_text(first.read_text() + "-- edited\n")
    assert ends("db:migration:check") == 30
    assert "20260101000000_init" in said[-1] and project.url not in said[-1]
