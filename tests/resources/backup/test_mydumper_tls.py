"""mydumper over TLS: used where it verifies whom it talks to; else refused, with the reason."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from resources.backup.make import make_full_backup
from resources.backup.mydumper_tls import why_not_tls
from resources.backup.mydumper_tool import find_mydumper
from resources.errors import BackupFailedError
from resources.mysql.certificates import Authority
from resources.mysql.connection import connect, execute, value
from resources.mysql.endpoint import Tls
from tests.conftest import TEST_SERVER, target_on
from tests.resources.backup.conftest import leftovers

pytestmark = pytest.mark.slow
VERIFIED, UNVERIFIED = Tls(verify=True), Tls(verify=False)


@pytest.fixture
def secure(make_server, tools, tmp_path, debian):
    """On a server that takes nothing but TLS, with a certificate of its address."""
    authority = Authority(tmp_path)
    own = authority.issue("own", "127.0.0.1")
    files = {"ssl_ca": authority.file, "ssl_cert": own.certificate, "ssl_key": own.key}
    variables = {name: str(path) for name, path in files.items()} | {"require_secure_transport": "ON"}
    server = make_server(tcp=True, variables={**TEST_SERVER, **variables})
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE shop")
        execute(admin, "CREATE TABLE shop.plain (id INT NOT NULL PRIMARY KEY, n DECIMAL(10,2))")
        execute(admin, "INSERT INTO shop.plain VALUES (1, 1.10), (2, NULL)")
    found = target_on(server, "shop", tools, tmp_path)
    endpoint = replace(found.endpoint, tls=Tls(verify=True, ca=authority.file))
    return replace(found, endpoint=endpoint, mydumper=debian, backup_engine="mydumper")


def test_where_the_server_s_certificate_is_verified_it_dumps_over_tls_alone(secure):
    manifest = make_full_backup(secure).manifest
    assert manifest.engine == "mydumper" and manifest.proof.proven
    assert manifest.tables["plain"].rows == 2
    with connect(secure.endpoint) as connection:
        assert value(connection, "SELECT @@require_secure_transport") == 1


def test_without_verification_this_one_would_go_on_without_tls_and_is_refused_saying_so(secure):
    unverified = replace(secure, endpoint=replace(secure.endpoint, tls=UNVERIFIED))
    with pytest.raises(BackupFailedError) as error:
        make_full_backup(unverified)
    why = "DATABASE_URL asks for TLS, and in a test run it goes on without it where the server offers none"
    assert error.value.why == why
    with connect(secure.endpoint, "shop") as connection:
        execute(connection, "CREATE TABLE old (id INT NOT NULL PRIMARY KEY) ENGINE=MyISAM")
    manifest = make_full_backup(replace(unverified, backup_engine="auto")).manifest
    assert manifest.engine == "mysqldump" and f"mydumper 0.10.0 is not used: {why}" in manifest.engine_reason


@pytest.mark.parametrize(
    ("unsafe", "why"),
    [
        ('sed -i /verify/d "${1#*=}"', "accepts a certificate that no authority known here has signed"),
        (
            # Verifies who signed it, where that is told, and not of whom it is.
            'grep -q ^ssl-ca "${1#*=}" && sed -i /verify/d "${1#*=}"',
            "accepts the certificate of another host",
        ),
        ('sed -i /ssl/d "${1#*=}"; set -- "${@/--ssl}"; set -- "${@/--ca=*/--skip-tz-utc}"', "not connect"),
    ],
    ids=["no verification", "another host", "no TLS"],
)
def test_a_mydumper_that_is_less_careful_is_found_out(target, installation, debian, tmp_path, unsafe, why):
    script = tmp_path / "mydumper"
    real = shlex.quote(str(debian))
    script.write_text(
        '#!/bin/bash\nPATH=/usr/bin:/bin\n[ "$1" = --help ] || [ "$1" = --version ] || {\n'
        f'{unsafe}\n}}\nexec {real} "$@"\n'
    )
    script.chmod(0o700)
    (tmp_path / "myloader").symlink_to(debian.with_name("myloader"))
    asked = replace(target, mydumper=script, endpoint=replace(target.endpoint, tls=VERIFIED))
    assert why in why_not_tls(asked, find_mydumper(asked), installation)
    assert leftovers(asked) == []
