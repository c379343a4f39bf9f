"""Runs that Dagster starts itself, as the UI does: there is no command that had read the settings."""

from __future__ import annotations

import subprocess
import sys

import pytest

from resources.settings import CHECKOUT
from tests.e2e.conftest import GOOD

pytestmark = pytest.mark.slow


def _execute(project, job: str) -> subprocess.CompletedProcess[str]:
    home = project.folder / "dagster"
    home.mkdir()
    return subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "dagster",
            "job",
            "execute",
            "-m",
            "dbsync_assets.definitions",
            "-j",
            job,
        ],
        cwd=CHECKOUT,
        env=project.dagster_environment(home) | {"DATABASE_URL": project.url},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_a_release_whose_url_is_in_the_environment_only_is_released_and_ends_well(project):
    # Dagster makes the deployment a second time after a run has succeeded.
    project.add_migration(*GOOD)
    done = _execute(project, "deploy")
    assert done.returncode == 0, done.stderr[-3000:]
    assert GOOD[0] in project.applied()
    assert project.journal_phases()[-1] == "released"
