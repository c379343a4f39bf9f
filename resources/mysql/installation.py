"""The MySQL programs on this machine: where they are and how each one is started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resources.child_environment import mysql_environment
from resources.errors import MysqlNotFoundError

PROGRAMS = ("mysqld", "mysql", "mysqldump", "mysqlbinlog")
OLDEST_VERSION = (8, 0, 17)
"""The first release with the CLONE plugin."""
PRIVATE_FOLDER = "mysql"
"""Below the tools folder: one folder per unpacked version."""


@dataclass(frozen=True)
class MysqlInstallation:
    """One set of MySQL programs of one version.

    `root` is the folder a private one is unpacked in, None for the system's own.
    """

    root: Path | None
    version: str
    programs: Mapping[str, Path] = field(repr=False)
    tools: Path = field(repr=False)
    """dbsync's tools folder; templates of data folders are kept there too."""
    loader: tuple[str, ...] = field(default=(), repr=False)
    """What goes before the program so that it finds its own libraries; empty for the system's own."""

    @property
    def version_tuple(self) -> tuple[int, int, int]:
        return parse_version(self.version)

    def command(self, program: str) -> list[str]:
        """The beginning of an argv that runs `program`. Raises MysqlNotFoundError if it is not there."""
        path = self.programs.get(program)
        if path is None:
            raise MysqlNotFoundError(
                f"the program `{program}` of MySQL {self.version} is not here",
                where=str(self.root or self.programs.get("mysqld", "")),
                hint="install the MySQL client programs, or unset MYSQLD and type: dbsync mysql get",
            )
        return [*self.loader, str(path)]

    def mysqld_arguments(self) -> list[str]:
        """Where an unpacked mysqld finds its messages and plugins; the system's own knows by itself."""
        if self.root is None:
            return []
        usr = self.root / "usr"
        return [
            f"--basedir={usr}",
            f"--lc-messages-dir={usr / 'share' / 'mysql'}",
            f"--plugin-dir={usr / 'lib' / 'mysql' / 'plugin'}",
        ]


class UnusableError(Exception):
    """Why one candidate is passed over; the reasons are reported together when none is left."""


def parse_version(text: str) -> tuple[int, int, int]:
    """(9, 7, 4) of "9.7.4", "9.7.4-2" or "Ver 9.7.4 for Linux". Raises ValueError."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if not found:
        raise ValueError(f"no version number in {text!r}")
    major, minor, patch = (int(part) for part in found.groups())
    return major, minor, patch


def version_of(command: list[str]) -> str:
    """The version that `mysqld --version` (or a client's) reports, as "9.7.4".

    Raises UnusableError for what does not run, and for MariaDB: its server has no CLONE
    plugin and its dump client writes what MySQL cannot read.
    """
    try:
        run = subprocess.run(
            [*command, "--no-defaults", "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=mysql_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnusableError(f"{command[-1]} does not run: {error}") from error
    said = (run.stdout or run.stderr).strip()
    if run.returncode != 0:
        raise UnusableError(
            f"{command[-1]} --version ended with {run.returncode}: {run.stderr.strip()[:300]}"
        )
    if "mariadb" in said.lower():
        raise UnusableError(f"{command[-1]} is MariaDB's, not MySQL's ({said[:120]})")
    try:
        return ".".join(str(part) for part in parse_version(said))
    except ValueError as error:
        raise UnusableError(f"{command[-1]} does not say its version: {said[:120]}") from error


def system_installation(mysqld: Path, tools: Path) -> MysqlInstallation:
    """The programs that belong to one `mysqld` of the system. Raises UnusableError."""
    mysqld = mysqld.expanduser().absolute()
    version = version_of([str(mysqld)])
    if parse_version(version) < OLDEST_VERSION:
        raise UnusableError(f"{mysqld} is MySQL {version}; 8.0.17 or later is needed for the CLONE plugin")
    if _confined_by_apparmor(mysqld):
        raise UnusableError(
            f"{mysqld} is confined by AppArmor to the system's own data folders, "
            "so it cannot serve a private one"
        )
    programs = {"mysqld": mysqld}
    for name in PROGRAMS[1:]:
        programs[name] = _companion(mysqld, name)
    return MysqlInstallation(root=None, version=version, programs=programs, tools=tools)


def _companion(mysqld: Path, name: str) -> Path:
    """The client that came with this mysqld, else the one on PATH."""
    resolved = mysqld.resolve()
    beside = [resolved.parent / name, resolved.parent.parent / "bin" / name, mysqld.parent / name]
    on_path = shutil.which(name)
    reasons = [f"no `{name}` beside {mysqld} or on PATH"]
    for candidate in [*beside, *([Path(on_path)] if on_path else [])]:
        if not os.access(candidate, os.X_OK):
            continue
        try:
            version_of([str(candidate)])
        except UnusableError as error:
            reasons.append(str(error))
            continue
        return candidate
    raise UnusableError(reasons[-1])


def _confined_by_apparmor(mysqld: Path) -> bool:
    """Whether Ubuntu's profile for the packaged server is in force.

    It attaches to the path, denies every data folder but /var/lib/mysql, and the
    server then fails with a bare "Permission denied".
    """
    enabled = Path("/sys/module/apparmor/parameters/enabled")
    profile = Path("/etc/apparmor.d") / str(mysqld.resolve()).lstrip("/").replace("/", ".")
    disabled = Path("/etc/apparmor.d/disable") / profile.name
    return (
        enabled.exists() and enabled.read_text().strip() == "Y" and profile.exists() and not disabled.exists()
    )


def unpacked_installation(root: Path, tools: Path) -> MysqlInstallation:
    """The programs of an unpacked package tree, run by the loader and libraries that came with them.

    Raises UnusableError when a program is missing or does not run.
    """
    loader = unpacked_loader(root)
    programs: dict[str, Path] = {}
    for name in PROGRAMS:
        path = root / "usr" / ("sbin" if name == "mysqld" else "bin") / name
        if not path.exists():
            raise UnusableError(f"{root} has no {name}")
        programs[name] = path
    version = version_of([*loader, str(programs["mysqld"])])
    return MysqlInstallation(root, version, programs, tools, loader)


def unpacked_loader(root: Path) -> tuple[str, ...]:
    """`<libc folder>/ld-linux… --library-path …`, whatever the architecture calls its loader."""
    for pattern in ("usr/lib/*/ld-linux*.so.*", "lib/*/ld-linux*.so.*", "usr/lib/*/ld64.so.*"):
        for loader in sorted(root.glob(pattern)):
            triplet = loader.parent
            folders = [triplet, triplet / "mysql" / "private", root / "usr" / "lib" / "mysql" / "private"]
            legacy = root / "lib" / triplet.name
            if legacy != triplet:
                folders.append(legacy)
            return (str(loader), "--library-path", ":".join(str(folder) for folder in folders))
    raise UnusableError(f"{root} has no dynamic loader")


def private_installation(tools: Path) -> MysqlInstallation | None:
    """The newest usable MySQL unpacked below `tools`, or None."""
    found: list[MysqlInstallation] = []
    for root in (tools / PRIVATE_FOLDER).glob("[0-9]*.[0-9]*.[0-9]*"):
        try:
            found.append(unpacked_installation(root, tools))
        except UnusableError:
            continue
    return max(found, key=lambda one: one.version_tuple, default=None)


def find_installation(tools: Path, mysqld: Path | None = None) -> MysqlInstallation | None:
    """A usable MySQL that is here already, or None; downloads nothing.

    Raises MysqlNotFoundError when `mysqld` was named by hand and cannot be used:
    taking another one silently would not be what was asked for.
    """
    return find_with_reasons(tools, mysqld)[0]


def find_with_reasons(tools: Path, mysqld: Path | None = None) -> tuple[MysqlInstallation | None, list[str]]:
    """As find_installation, and why each candidate before the answer was passed over."""
    tools = tools.absolute()
    if mysqld is not None:
        try:
            return system_installation(mysqld, tools), []
        except UnusableError as error:
            raise MysqlNotFoundError(
                "the mysqld that was named cannot be used",
                where=str(mysqld),
                why=str(error),
                hint="correct or unset MYSQLD, then: dbsync mysql get",
            ) from error
    reasons: list[str] = []
    on_path = shutil.which("mysqld")
    if on_path is None:
        reasons.append("no mysqld on PATH")
    else:
        try:
            return system_installation(Path(on_path), tools), reasons
        except UnusableError as error:
            reasons.append(str(error))
    private = private_installation(tools)
    if private is None:
        reasons.append(f"none is unpacked in {tools / PRIVATE_FOLDER}")
    return private, reasons
