"""A MySQL from the distribution's packages, unpacked into a private folder by apt itself.

Nothing is installed: see private_apt.py.
"""

from __future__ import annotations

import re
import shutil
import tempfile
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
from resources.mysql.private_apt import PrivateApt, run
from resources.progress import say, step

# Ubuntu carries the version in the package name; the plain name wins where both are.
_SUFFIXES = ("", "-8.4", "-8.0")
# Half of the size, and no program that dbsync runs is written in Perl.
_LEFT_OUT = re.compile(r"(perl|libperl|perl-base|perl-modules)[-_0-9.]")


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
                    run(["dpkg-deb", "--extract", str(deb), str(tree)], "unpacking failed")
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
            names = _candidate(apt)
            if names is None:
                raise UnusableError(f"{title} has no mysql-server-core package")
            with step(f"downloading {names[0]} from {title}"):
                return apt.fetch(names)
        except UnusableError as error:
            reasons.append(str(error))
    raise UnusableError("; ".join(reasons))


def _candidate(apt: PrivateApt) -> tuple[str, str] | None:
    """Names of the server and client package that can be had there, or None."""
    for suffix in _SUFFIXES:
        names = (f"mysql-server-core{suffix}", f"mysql-client-core{suffix}")
        said = apt.run(["apt-cache", "policy", *names], "apt-cache failed")
        found = re.findall(r"^  Candidate: (.+)$", said, re.MULTILINE)
        if len(found) == 2 and "(none)" not in found:
            return names
    return None


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """ID, VERSION_CODENAME, PRETTY_NAME of os-release(5); empty where there is no such file."""
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {key: content.strip().strip('"') for key, content in pairs}


def _tree_size(root: Path) -> int:
    return sum(path.lstat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
