"""A MySQL from the distribution's packages, unpacked into a private folder by apt itself.

Nothing is installed: apt works on lists, cache and a package database of its own
(an empty one, so that every library comes along), with the machine's mirror,
proxy and keys. Signatures are checked as always.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from resources.mysql.apt_sources import AptSource, debian_unstable, of_release, read_sources
from resources.mysql.installation import (
    PRIVATE_FOLDER,
    PROGRAMS,
    MysqlInstallation,
    UnusableError,
    unpacked_installation,
    version_of,
)
from resources.progress import say, step

# Ubuntu carries the version in the package name; the plain name wins where both are.
_SUFFIXES = ("", "-8.4", "-8.0")
# Half of the size, and no program that dbsync runs is written in Perl.
_LEFT_OUT = re.compile(r"(perl|libperl|perl-base|perl-modules)[-_0-9.]")
_TIMEOUT = 900


def download(tools: Path) -> MysqlInstallation:
    """Get MySQL by apt into `tools`. Raises UnusableError with the reason when it cannot be.

    The tree appears under its final name by one rename, after its programs were
    run once: a killed download leaves only a `.partial-…` folder, swept by the next.
    """
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise UnusableError(f"no {program}: this is not a Debian or Ubuntu machine")
    home = tools / PRIVATE_FOLDER
    home.mkdir(parents=True, exist_ok=True)
    for leftover in home.glob(".partial-*"):
        shutil.rmtree(leftover)
    work = Path(tempfile.mkdtemp(prefix=".partial-", dir=home))
    try:
        debs = _fetch(work)
        tree = work / "tree"
        size = sum(deb.stat().st_size for deb in debs)
        with step("unpacking MySQL", total=size, unit="bytes") as progress:
            for deb in debs:
                if not _LEFT_OUT.match(deb.name):
                    _run(["dpkg-deb", "--extract", str(deb), str(tree)], "unpacking failed")
                progress.advance(deb.stat().st_size)
        unpacked = unpacked_installation(tree, tools)
        for name in PROGRAMS:
            version_of(unpacked.command(name))
        final = home / unpacked.version
        if final.exists():
            shutil.rmtree(final)
        tree.rename(final)
        say(
            f"MySQL {unpacked.version}: {len(debs)} packages, {size / 1e6:.0f} MB fetched, "
            f"{_tree_size(final) / 1e6:.0f} MB unpacked in {final}"
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return unpacked_installation(final, tools)


def _fetch(work: Path) -> list[Path]:
    """The .deb files of server and clients with all their libraries."""
    release = os_release()
    codename = release.get("VERSION_CODENAME", "")
    machine = read_sources()
    attempts: list[tuple[str, list[AptSource]]] = [
        (release.get("PRETTY_NAME", "this release"), of_release(machine, codename))
    ]
    if release.get("ID") == "debian":
        attempts.append(("Debian unstable", debian_unstable(machine, codename)))
    reasons: list[str] = []
    for title, sources in attempts:
        if not sources:
            reasons.append(f"the apt configuration names no source of {title}")
            continue
        apt = PrivateApt(work / f"apt-{len(reasons)}", sources)
        try:
            with step(f"reading the package list of {title}"):
                apt.update()
            names = apt.candidate()
            if names is None:
                raise UnusableError(f"{title} has no mysql-server-core package")
            with step(f"downloading {names[0]} from {title}"):
                return apt.fetch(names)
        except UnusableError as error:
            reasons.append(str(error))
    raise UnusableError("; ".join(reasons))


class PrivateApt:
    """apt on folders of its own."""

    def __init__(self, folder: Path, sources: Sequence[AptSource]) -> None:
        self.folder = folder.absolute()
        for name in ("lists/partial", "cache/archives/partial", "state", "log", "none"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "status").touch()
        (self.folder / "machine.sources").write_text("\n".join(source.stanza() for source in sources))
        # apt reads APT_CONFIG first, then the machine's apt.conf.d (its proxy, say), then `main`.
        # Ours is `main`, so it has the last word, and can clear the machine's hooks: those act
        # on the system (PackageKit, command-not-found), which is not to be touched.
        (self.folder / "first.conf").write_text(f'Dir::Etc::main "{self.folder}/main.conf";\n')
        machine_main = Path("/etc/apt/apt.conf")
        include = machine_main.read_text() if machine_main.is_file() else ""
        (self.folder / "main.conf").write_text(
            f"{include}\n"
            "#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n"
            "#clear APT::Update::Post-Invoke-Success;\n#clear APT::Install::Pre-Invoke;\n"
            "#clear DPkg::Pre-Invoke;\n#clear DPkg::Post-Invoke;\n#clear DPkg::Pre-Install-Pkgs;\n"
            f'Dir::Etc::sourcelist "{self.folder}/machine.sources";\n'
            f'Dir::Etc::sourceparts "{self.folder}/none";\n'
            f'Dir::Etc::preferences "{self.folder}/none/preferences";\n'
            f'Dir::Etc::preferencesparts "{self.folder}/none";\n'
            f'Dir::State "{self.folder}/state";\n'
            f'Dir::State::lists "{self.folder}/lists";\n'
            f'Dir::State::status "{self.folder}/status";\n'
            f'Dir::Cache "{self.folder}/cache";\n'
            f'Dir::Cache::archives "{self.folder}/cache/archives";\n'
            f'Dir::Log "{self.folder}/log";\n'
            # The folder is ours alone (0700), so apt's own user could not read it.
            'APT::Sandbox::User "root";\n'
            'APT::Get::AllowUnauthenticated "false";\nAcquire::AllowInsecureRepositories "false";\n'
            'Acquire::Retries "2";\nAcquire::http::Timeout "20";\nAcquire::https::Timeout "20";\n'
            'Acquire::Languages "none";\nAPT::Install-Recommends "false";\n'
        )
        self.environment = {
            **os.environ,
            "APT_CONFIG": str(self.folder / "first.conf"),
            "LC_ALL": "C",
            "DEBIAN_FRONTEND": "noninteractive",
        }

    def update(self) -> None:
        # Any: a source that cannot be read is an error, not a warning that leaves the list empty.
        self._apt(["apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update"], "apt-get update failed")

    def candidate(self) -> tuple[str, str] | None:
        """Names of the server and client package that can be had here, or None."""
        for suffix in _SUFFIXES:
            names = (f"mysql-server-core{suffix}", f"mysql-client-core{suffix}")
            said = self._apt(["apt-cache", "policy", *names], "apt-cache failed")
            found = re.findall(r"^  Candidate: (.+)$", said, re.MULTILINE)
            if len(found) == 2 and "(none)" not in found:
                return names
        return None

    def fetch(self, names: Sequence[str]) -> list[Path]:
        self._apt(
            ["apt-get", "-q", "-y", "--download-only", "--no-install-recommends", "install", *names],
            "apt could not download MySQL",
        )
        return sorted((self.folder / "cache" / "archives").glob("*.deb"))

    def _apt(self, command: list[str], failure: str) -> str:
        return _run(command, failure, self.environment)


def _run(command: list[str], failure: str, environment: dict[str, str] | None = None) -> str:
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnusableError(f"{failure}: {error}") from error
    if run.returncode != 0:
        said = " ".join((run.stderr.strip() or run.stdout.strip()).split())
        raise UnusableError(f"{failure} ({run.returncode}): {said[-500:]}")
    return run.stdout


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """ID, VERSION_CODENAME, PRETTY_NAME of os-release(5); empty where there is no such file."""
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {key: content.strip().strip('"') for key, content in pairs}


def _tree_size(root: Path) -> int:
    return sum(path.lstat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
