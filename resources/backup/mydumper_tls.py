"""mydumper over TLS: how it is asked for, and whether this mydumper does it.

The options changed between versions, and what they mean depends on the client library that it was
built on. On MariaDB's, `ssl-mode` is not known, and `--ssl` alone goes on without TLS where the
server offers none; `ssl-verify-server-cert` verifies the certificate and the host. So it is tried:
where it must connect, and where it must refuse to.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from resources import progress
from resources.backup.kept_verdict import kept_verdict
from resources.backup.mydumper_tool import MydumperTool
from resources.backup.work_folder import work_folder
from resources.child_environment import mysql_environment
from resources.mysql.certificates import Authority, Certificate
from resources.mysql.connection import Connection, connect, execute, option_file
from resources.mysql.endpoint import Endpoint, Tls
from resources.mysql.installation import MysqlInstallation
from resources.mysql.server import PrivateServer
from resources.redact import inert, redact
from resources.target import Target

VERDICT = "mydumper-tls.json"
_DATABASE = "tried"
_HOST = "127.0.0.1"
_ANSWER_WITHIN = 60


def tls_options(tool: MydumperTool, endpoint: Endpoint) -> list[str]:
    """For mydumper's command line; the CA as well, for versions that take it from there only."""
    tls = endpoint.tls
    if tls is None:
        return []
    options = ["--ssl"] if tool.understands("ssl") else []
    if tool.understands("ssl-mode"):
        options.append(f"--ssl-mode={'VERIFY_IDENTITY' if tls.verify else 'REQUIRED'}")
    if tls.ca and tool.understands("ca"):
        options.append(f"--ca={tls.ca}")
    return options


@contextmanager
def login_file(endpoint: Endpoint, folder: Path) -> Iterator[Path]:
    """`option_file` as either client library understands it."""
    if endpoint.socket is None and endpoint.host == "localhost":
        # MariaDB's takes that name for a socket whatever `protocol` says.
        endpoint = replace(endpoint, host=_HOST)
    verify = endpoint.tls is not None and endpoint.tls.verify
    with option_file(endpoint, folder, ["ssl-verify-server-cert=1"] if verify else []) as path:
        yield path


def why_not_tls(target: Target, tool: MydumperTool, installation: MysqlInstallation) -> str:
    """Why this mydumper cannot do the TLS that the target asks for, as a phrase; "" where it can.

    Costs some seconds once, as the trial of what it loses. Raises EnvironmentCheckError, DiskFullError.
    """
    tls = target.endpoint.tls
    if tls is None:
        return ""

    def find() -> str:
        with progress.step(f"test run of mydumper {tool.version} with TLS (once)"):
            return _trial(target, tool, installation, verify=tls.verify)

    key: list[object] = [tool.identity, installation.version, tls.verify]
    found = kept_verdict(target.state / VERDICT, key, find)
    return f"DATABASE_URL asks for TLS, and {found}" if found else ""


def _trial(target: Target, tool: MydumperTool, installation: MysqlInstallation, *, verify: bool) -> str:
    folder = work_folder(target, f"mydumper-tls-{time.time_ns()}")
    authority = Authority(folder)
    right, wrong = authority.issue("right", _HOST), authority.issue("wrong", "elsewhere.example")
    variables = {
        "ssl_ca": str(authority.file),
        "ssl_cert": str(right.certificate),
        "ssl_key": str(right.key),
        "require_secure_transport": "ON",
    }
    server = PrivateServer.create(installation, folder / "server", tcp=True, variables=variables)
    known = replace(server.tcp_endpoint, tls=Tls(verify, authority.file))
    try:
        server.start()
        with connect(server.endpoint) as admin:
            execute(admin, f"CREATE DATABASE {_DATABASE}")
            if error := _error(folder, known, tool):
                return f"in a test run it does not connect with it: {error}"
            if verify:
                unknown = replace(known, tls=Tls(verify=True))
                if not _error(folder, unknown, tool):
                    return "in a test run it accepts a certificate that no authority known here has signed"
                _show(admin, wrong)
                if not _error(folder, known, tool):
                    return "in a test run it accepts the certificate of another host"
            execute(admin, "SET GLOBAL require_secure_transport = OFF")
            execute(admin, "SET GLOBAL tls_version = ''")  # which is an error, and leaves it without
            execute(admin, "ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR")
            if not _error(folder, known, tool):
                return "in a test run it goes on without it where the server offers none"
        return ""
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _show(admin: Connection, certificate: Certificate) -> None:
    execute(admin, "SET GLOBAL ssl_cert = %s", (str(certificate.certificate),))
    execute(admin, "SET GLOBAL ssl_key = %s", (str(certificate.key),))
    execute(admin, "ALTER INSTANCE RELOAD TLS")


def _error(folder: Path, endpoint: Endpoint, tool: MydumperTool) -> str:
    """What it says when it does not dump an empty database; "" where it does."""
    with login_file(endpoint, folder) as login:
        command = [
            str(tool.dumper),
            f"--defaults-file={login}",
            f"--database={_DATABASE}",
            f"--outputdir={folder / f'dump-{time.time_ns()}'}",
            *tls_options(tool, endpoint),
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_ANSWER_WITHIN,
                check=False,
                env=mysql_environment(LC_ALL="C"),
                umask=0o077,
            )
        except subprocess.TimeoutExpired:
            return f"no answer within {_ANSWER_WITHIN} s"
    if done.returncode == 0:
        return ""
    return inert(redact(done.stderr.strip()))[-200:] or f"it ended with {done.returncode}"
