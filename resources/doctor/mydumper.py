"""Whether a mydumper is here for a server that cannot be cloned."""

from __future__ import annotations

from collections.abc import Iterator

from resources.backup.mydumper_tool import NoMydumperError, find_mydumper
from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding


@check("mydumper", "machine")
def mydumper(patient: Patient) -> Iterator[Finding]:
    target = patient.target
    if target.backup_engine not in ("auto", "mydumper"):
        return
    forced = target.backup_engine == "mydumper"
    try:
        tool = find_mydumper(target)
    except NoMydumperError as error:
        if forced or target.mydumper is not None:
            fix = "install mydumper and set MYDUMPER to it, or unset BACKUP_ENGINE and MYDUMPER"
            yield Finding("mydumper", "fail" if forced else "warn", str(error), fix)
        return
    when = "judged by its proof" if forced else "taken if it passes a test run and no clone can be made"
    yield Finding("mydumper", "ok", f"{tool.version}, {tool.dumper}: {when}")
