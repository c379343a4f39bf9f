"""Whether the MySQL programs here fit the server."""

from __future__ import annotations

from collections.abc import Iterator

from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding
from resources.mysql.installation import OLDEST_VERSION, parse_version


def clone_fits(server: str, recipient: str) -> bool:
    """Whether a mysqld of version `recipient` may clone `server`.

    The manual's rule: the same release in the 8.0 series, the same series from 8.4 on.
    """
    theirs, ours = parse_version(server), parse_version(recipient)
    return ours[:2] == theirs[:2] if theirs >= (8, 4, 0) else ours == theirs


def dump_fits(server: str, client: str) -> bool:
    """Whether a mysqldump of version `client` knows everything that `server` can hold."""
    return parse_version(client)[:2] >= parse_version(server)[:2]


@check("server: version", "server")
def server_version(patient: Patient) -> Iterator[Finding]:
    said = patient.server_version
    if "mariadb" in said.lower():
        yield Finding(
            "server: version",
            "fail",
            f"the server is MariaDB ({said}); dbsync knows MySQL only",
            "point DATABASE_URL at a MySQL server, 8.0.17 or later",
        )
    elif parse_version(said) < OLDEST_VERSION:
        yield Finding(
            "server: version",
            "fail",
            f"the server is MySQL {said}; 8.0.17 or later is needed",
            "upgrade the server",
        )
    else:
        yield Finding("server: version", "ok", f"MySQL {said}")


@check("server: version and programs here", "server")
def versions(patient: Patient) -> Iterator[Finding]:
    name = "server: version and programs here"
    installation, server = patient.installation, patient.server_version
    if installation is None or "mariadb" in server.lower():
        yield Finding(name, "skip", "there is nothing to compare yet")
        return
    ours = installation.version
    engine = patient.target.backup_engine
    fix = f"install MySQL {'.'.join(map(str, parse_version(server)))} here and set MYSQLD to its mysqld"
    if not clone_fits(server, ours) and not dump_fits(server, ours):
        yield Finding(
            name,
            "fail",
            f"mysqldump {ours} is older than the server's {server}, and a clone needs the same version",
            fix,
        )
    elif not clone_fits(server, ours):
        yield Finding(
            name,
            "fail" if engine == "clone" else "warn",
            f"mysqld {ours} cannot clone a server of version {server}; backups use mysqldump instead",
            fix,
        )
    else:
        yield Finding(name, "ok", f"{ours} here, {server} there: both backup engines fit")
