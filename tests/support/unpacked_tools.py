"""The tools that a person restores with by hand, on a PATH of the test: age, zstd and MySQL's programs.

Taken from this machine where they are; else unpacked from the distribution's packages into the
tools folder, as MySQL itself is, so that no test is left out where nobody installed them.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from resources.mysql.apt_download import os_release
from resources.mysql.apt_sources import of_release, read_sources
from resources.mysql.installation import MysqlInstallation, unpacked_loader
from resources.mysql.private_apt import PrivateApt


def hand_tools(folder: Path, installation: MysqlInstallation, tools: Path) -> Path:
    """`folder`, with one small script per program."""
    folder.mkdir(exist_ok=True)
    for name in ("age", "zstd"):
        _script(folder / name, _command(name, tools))
    for name in ("mysql", "mysqldump"):
        _script(folder / name, installation.command(name))
    mysqld = [*installation.command("mysqld")]
    # What an unpacked server has to be told, and an installed one knows, must come behind --no-defaults.
    known = [*installation.mysqld_arguments(), "--secure-file-priv=", "--mysqlx=OFF"]
    _script(folder / "mysqld", mysqld, known)
    return folder


def _script(path: Path, command: list[str], more: list[str] | None = None) -> None:
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@" {shlex.join(more or [])}\n')
    path.chmod(0o700)


def _command(name: str, tools: Path) -> list[str]:
    found = shutil.which(name)
    if found:
        return [found]
    root = tools / "by-hand" / name
    if not root.is_dir():
        _unpack(name, root)
    program = root / "usr" / "bin" / name
    return [*unpacked_loader(root), str(program)]


def _unpack(name: str, root: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as work:
        apt = PrivateApt(Path(work) / "apt", of_release(read_sources(), os_release()["VERSION_CODENAME"]))
        apt.update()
        for deb in apt.fetch([name]):
            subprocess.run(["dpkg-deb", "--extract", str(deb), f"{work}/tree"], check=True)
        (Path(work) / "tree").rename(root)
