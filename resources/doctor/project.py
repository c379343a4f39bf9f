"""The application's side: its migrations folder, and the data rules it brings along."""

from __future__ import annotations

from collections.abc import Iterator

from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding
from resources.prisma.find_folder import require_prisma_folder
from resources.prisma.folder import read_migrations
from resources.prisma.lock_file import require_mysql
from resources.validation.rules.own_suites import load_own_suites


@check("project: migrations", "machine")
def migrations(patient: Patient) -> Iterator[Finding]:
    """What is wrong with them is raised, and becomes the finding."""
    folder = patient.target.migrations
    require_prisma_folder(folder)
    require_mysql(folder)
    yield Finding("project: migrations", "ok", f"{len(read_migrations(folder))} in {folder}")


@check("project: data rules", "machine")
def data_rules(patient: Patient) -> Iterator[Finding]:
    found = load_own_suites(patient.target.data_rules, check_expectations=False)
    said = f"{len(found)} of your own" if found else "only the built-in ones"
    yield Finding("project: data rules", "ok", said)
