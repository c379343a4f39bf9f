"""The machine dbsync runs on: Python, git, the MySQL programs."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator

from resources.child_environment import child_environment
from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding
from resources.mysql.get import HOW_TO_INSTALL

OLDEST_PYTHON = (3, 11)


@check("machine: python", "machine")
def python(patient: Patient) -> Iterator[Finding]:
    del patient
    if sys.version_info >= OLDEST_PYTHON:
        yield Finding("machine: python", "ok", f"Python {platform.python_version()}")
    else:
        yield Finding(
            "machine: python",
            "fail",
            f"Python {platform.python_version()}; 3.11 or later is needed",
            "install Python 3.11 or later, then: make setup",
        )


@check("machine: git", "machine")
def git(patient: Patient) -> Iterator[Finding]:
    del patient
    found = shutil.which("git")
    if found is None:
        yield Finding(
            "machine: git",
            "warn",
            "git is not on PATH: release records will not name the commit",
            "install git",
        )
        return
    run = subprocess.run(
        [found, "--version"],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env=child_environment(),
    )
    yield Finding("machine: git", "ok" if run.returncode == 0 else "warn", run.stdout.strip() or run.stderr)


@check("machine: mysql", "machine")
def mysql(patient: Patient) -> Iterator[Finding]:
    installation = patient.installation
    if installation is None:
        yield Finding(
            "machine: mysql",
            "warn",
            "no MySQL programs are here yet; the first backup fetches them",
            f"dbsync mysql get\nor: {HOW_TO_INSTALL}",
        )
    else:
        place = installation.root or installation.programs["mysqld"]
        yield Finding("machine: mysql", "ok", f"MySQL {installation.version} at {place}")
