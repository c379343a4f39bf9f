"""Running every check, whatever the others find."""

from __future__ import annotations

from contextlib import ExitStack

import pymysql

from resources.doctor import (
    alerts,
    application,
    backups,
    bucket,
    clone,
    disk,
    machine,
    mydumper,
    privileges,
    project,
    server,
    versions,
    webhook,
)
from resources.doctor.check import CHECKS, Check, Patient
from resources.doctor.finding import Finding, failed
from resources.errors import DbsyncError
from resources.mysql.connection import connect
from resources.progress import step
from resources.redact import inert, redact
from resources.target import Target

# Importing a family registers its checks.
FAMILIES = (
    alerts,
    application,
    backups,
    bucket,
    clone,
    disk,
    machine,
    mydumper,
    privileges,
    project,
    server,
    versions,
    webhook,
)
_ANSWER_WITHIN = 30.0


def run_doctor(target: Target, *, ask_server: bool = True) -> list[Finding]:
    """Every finding, in the order of the checks' names; changes nothing, raises for no finding.

    `ask_server`: False where the target names no server, because DATABASE_URL cannot be used.
    """
    findings: list[Finding] = []
    with ExitStack() as stack:
        connection = None
        if not ask_server:
            findings.append(Finding("connection", "skip", "DATABASE_URL names no server"))
        else:
            try:
                connection = stack.enter_context(connect(target.endpoint, read_timeout=_ANSWER_WITHIN))
                findings.append(Finding("connection", "ok", f"{target.endpoint} answers"))
            except DbsyncError as error:
                findings.append(failed("connection", error))
        patient = Patient(target, connection)
        with step("examining", total=len(CHECKS), unit="checks") as progress:
            for name in sorted(CHECKS):
                if CHECKS[name].scope == "server" and connection is None:
                    findings.append(Finding(name, "skip", "the server could not be asked"))
                else:
                    findings.extend(_run(CHECKS[name], patient))
                progress.advance(1)
    return findings


def _run(one: Check, patient: Patient) -> list[Finding]:
    try:
        return list(one.run(patient))
    except DbsyncError as error:
        return [failed(one.name, error)]
    except pymysql.err.MySQLError as error:
        why = redact(str(error.args[-1])) if error.args else type(error).__name__
        return [Finding(one.name, "fail", f"the server did not answer the question: {why}")]
    except OSError as error:
        return [Finding(one.name, "fail", f"{error.filename or ''}: {error.strerror or error}")]
    except Exception as error:  # noqa: BLE001 - a check that breaks must not hide what the others find
        why = inert(redact(f"{type(error).__name__}: {error}"))
        return [Finding(one.name, "fail", f"the check itself broke: {why}", "report it")]
