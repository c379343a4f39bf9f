"""The application's side: its migrations folder, and the data rules it brings along."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding, failed
from resources.errors import MigrationsFolderError
from resources.prisma.find_folder import require_prisma_folder
from resources.prisma.folder import MAX_SCRIPT_BYTES, SCRIPT, read_migrations, read_regular_file
from resources.prisma.lock_file import require_mysql
from resources.redact import inert
from resources.validation.rules.own_suites import load_own_suites

_NAME = "project: migrations"


@check(_NAME, "machine")
def migrations(patient: Patient) -> Iterator[Finding]:
    """One finding for each thing that is wrong with them; only a folder that is not there is raised."""
    folder = patient.target.migrations
    require_prisma_folder(folder)
    found = list(_problems(folder, patient.target.policy.accepted))
    yield from found
    if not any(finding.status == "fail" for finding in found):
        yield Finding(_NAME, "ok", f"{len(read_migrations(folder))} in {folder}")


def _problems(folder: Path, accepted: frozenset[str]) -> Iterator[Finding]:
    """The lock file's, each entry's own, and what only all entries together show."""
    told = set()
    for path, read in (
        (None, partial(require_mysql, folder)),
        *((path, partial(read_regular_file, path, MAX_SCRIPT_BYTES)) for path in _scripts(folder)),
        (None, partial(read_migrations, folder)),
    ):
        try:
            if read() is None and path:
                yield _without_script(path.parent.name, accepted)
        except MigrationsFolderError as error:
            if error.where not in told:
                yield failed(_NAME, error)
            told.add(error.where)


def _without_script(name: str, accepted: frozenset[str]) -> Finding:
    shown = inert(os.fsencode(name).decode("utf-8", "backslashreplace"))
    return Finding(
        _NAME,
        "warn" if name in accepted else "fail",
        f"migration `{shown}` has no migration.sql (Prisma P3015)",
        "restore the file from version control, or remove the folder where it was never applied",
    )


def _scripts(folder: Path) -> Iterator[Path]:
    """Where each migration's script is or should be; the entry itself where that is a link to a folder."""
    for path in sorted(folder.iterdir()) if os.access(folder, os.R_OK | os.X_OK) else ():
        if path.is_dir():
            yield path if path.is_symlink() else path / SCRIPT


@check("project: data rules", "machine")
def data_rules(patient: Patient) -> Iterator[Finding]:
    found = load_own_suites(patient.target.data_rules, check_expectations=False)
    said = f"{len(found)} of your own" if found else "only the built-in ones"
    yield Finding("project: data rules", "ok", said)
