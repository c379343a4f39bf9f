"""The distribution's mydumper in a private folder, fetched as the private MySQL is; never installed."""

from __future__ import annotations

import fcntl
import shlex
import shutil
import tempfile
from pathlib import Path

from resources.mysql.apt_download import os_release
from resources.mysql.apt_sources import of_release, read_sources
from resources.mysql.installation import UnusableError, unpacked_loader
from resources.mysql.private_apt import PrivateApt, run


def debian_mydumper(tools: Path) -> Path:
    """The mydumper program, its myloader beside it. Raises UnusableError where apt has none."""
    home = (tools / "mydumper").resolve()
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "tree").is_dir():
            _fetch(home)
    return _programs(home / "tree", home / "bin")


def _fetch(home: Path) -> None:
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise UnusableError(f"no {program}")
    sources = of_release(read_sources(), os_release().get("VERSION_CODENAME", ""))
    if not sources:
        raise UnusableError("the apt configuration names no source of this release")
    with tempfile.TemporaryDirectory(dir=home) as work:
        apt = PrivateApt(Path(work) / "apt", sources)
        apt.update()
        for deb in apt.fetch(["mydumper"]):
            run(["dpkg-deb", "--extract", str(deb), f"{work}/tree"], "unpacking failed")
        Path(work, "tree").rename(home / "tree")


def _programs(tree: Path, folder: Path) -> Path:
    """Scripts that start the two with the libraries that came along, login plugins included."""
    loader, _, places = unpacked_loader(tree)
    triplet = Path(loader).parent.name
    libraries = f"{places}:{tree}/usr/lib/{triplet}:{tree}/lib/{triplet}"
    folder.mkdir(exist_ok=True)
    for name in ("mydumper", "myloader"):
        command = shlex.join([loader, "--library-path", libraries, str(tree / "usr" / "bin" / name)])
        script = folder / name
        plugins = shlex.quote(f"{tree}/usr/lib/{triplet}/libmariadb3/plugin")
        text = f'#!/bin/sh\nexport MARIADB_PLUGIN_DIR={plugins}\nexec {command} "$@"\n'
        if not script.exists() or script.read_text() != text:
            script.write_text(text)
            script.chmod(0o755)
    return folder / "mydumper"
