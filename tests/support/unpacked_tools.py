"""The tools that a person restores with by hand, on a PATH of the test: age, zstd and MySQL's programs.

Taken from this machine where they are; else unpacked from the distribution's packages into the
tools folder, as MySQL itself is, so that no test is left out where nobody installed them.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from resources.mysql.installation import MysqlInstallation, unpacked_loader
from tests.support.debian_package import unpacked_package


def hand_tools(folder: Path, installation: MysqlInstallation, tools: Path) -> Path:
    """`folder`, with one small script per program."""
    folder.mkdir(exist_ok=True)
    for name in ("age", "zstd"):
        _script(folder / name, _command(name, tools))
    for name in ("mysql", "mysqldump", "mysqlbinlog"):
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
    root = unpacked_package(name, tools / "by-hand" / name)
    return [*unpacked_loader(root), str(root / "usr" / "bin" / name)]
