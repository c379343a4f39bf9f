"""A server that cannot be used: each reason has its own exit code, comes in time, and keeps the password."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import GOOD
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.slow
CANARY = "canary-kP4-secret"
STARTING = 8
"""Seconds that starting the command takes on a busy machine."""


def _refused(project, url: str, *, within: float = 2) -> tuple[int, str]:
    begun = time.monotonic()
    done = project.run("check", DATABASE_URL=url)
    assert time.monotonic() - begun < within + STARTING
    assert CANARY not in done.stdout + done.stderr
    assert "next:" in done.stderr
    return done.returncode, done.stderr


def _with_password(url: str) -> str:
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", f":{CANARY}@")


def test_a_wrong_password(project):
    code, said = _refused(project, _with_password(project.url))
    assert code == 12, said


def test_nobody_listens(project):
    with TcpProxy(("127.0.0.1", project.endpoint.port)) as closed:
        port = closed.port
    url = _with_password(project.url).replace(f":{project.endpoint.port}/", f":{port}/")
    code, said = _refused(project, url)
    assert code == 10, said
    assert f"127.0.0.1:{port}" in said


def test_a_server_that_accepts_and_stays_silent(project):
    with TcpProxy(("127.0.0.1", project.endpoint.port)) as proxy:
        proxy.stall()
        url = _with_password(project.url).replace(f":{project.endpoint.port}/", f":{proxy.port}/")
        # One attempt and three more, a second between them.
        code, said = _refused(project, f"{url}?connect_timeout=2", within=4 * 2 + 3)
    assert code == 11, said
    assert "tried 4 times" in said


def test_a_certificate_of_another_authority(project, tmp_path):
    authority = tmp_path / "other-ca.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other"),
            *("-days", "2", "-keyout", tmp_path / "key.pem", "-out", authority),
        ],
        check=True,
        capture_output=True,
    )
    code, said = _refused(project, f"{_with_password(project.url)}?sslaccept=strict&sslcert={authority}")
    assert code == 13, said


def test_a_deployment_that_cannot_reach_its_server_leaves_no_trace(project):
    before = project.world()
    project.add_migration(*GOOD)
    done = project.run("deploy", DATABASE_URL=_with_password(project.url))
    assert done.returncode == 12, done.stderr
    assert project.journal_phases() == []
    assert replace(project).world() == before
