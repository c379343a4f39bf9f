"""A program of the distribution in a private folder, fetched as the private MySQL is; never installed."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path

from resources.mysql.apt_download import os_release
from resources.mysql.apt_sources import of_release, read_sources
from resources.mysql.installation import UnusableError
from resources.mysql.private_apt import PrivateApt, run


def unpacked_package(name: str, home: Path) -> Path:
    """`home`/tree, with the package and what it depends on. Raises UnusableError where apt has none."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:  # tests run several at a time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "tree").is_dir():
            _fetch(name, home)
    return home / "tree"


def _fetch(name: str, home: Path) -> None:
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise UnusableError(f"no {program}")
    sources = of_release(read_sources(), os_release().get("VERSION_CODENAME", ""))
    if not sources:
        raise UnusableError("the apt configuration names no source of this release")
    with tempfile.TemporaryDirectory(dir=home) as work:
        apt = PrivateApt(Path(work) / "apt", sources)
        apt.update()
        for deb in apt.fetch([name]):
            run(["dpkg-deb", "--extract", str(deb), f"{work}/tree"], "unpacking failed")
        Path(work, "tree").rename(home / "tree")
