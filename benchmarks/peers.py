"""The command lines of the tools that dbsync is measured against, at their best settings."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stage import LARGE, PROGRAMS, SCRATCH
from resources.mysql.installation import MysqlInstallation, UnusableError
from tests.support.mydumper import debian_mydumper

DUMP = f"mysqldump --single-transaction --routines --triggers --events --set-gtid-purged=OFF {LARGE}"
MYDUMPER = "mydumper, 2 threads, gzip"


@dataclass(frozen=True)
class Peers:
    """Programs of `installation` by their plain names, logged in on the server that is backed up."""

    datadir: Path
    login: Path
    mydumper: Path | None
    """Debian's, where apt has one."""

    @classmethod
    def of(cls, installation: MysqlInstallation, login: Path, datadir: Path) -> Peers:
        """`login`: option file of the server."""
        PROGRAMS.mkdir()
        for name in ("mysqldump", "mysql"):
            command = shlex.join([*installation.command(name), f"--defaults-extra-file={login}"])
            (PROGRAMS / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
            (PROGRAMS / name).chmod(0o700)
        try:
            mydumper = debian_mydumper(installation.tools)
        except UnusableError as error:
            print(f"no mydumper to measure against: {error}")
            mydumper = None
        return cls(datadir, login, mydumper)

    def backups(self) -> dict[str, str]:
        """Name → shell pipeline, run in the scratch folder."""
        files = shlex.quote(str((self.datadir / LARGE).relative_to(SCRATCH)))
        mydumper = {}
        if self.mydumper:
            # Two connections for two processors; chunks let both work on the largest table.
            options = f"--database {LARGE} --threads 2 --rows 500000 --compress --trx-consistency-only"
            command = f"{self.mydumper} --defaults-file={self.login} {options} --outputdir mydumper"
            mydumper = {MYDUMPER: f"rm -rf mydumper; {command}"}
        return {
            "mysqldump | gzip": f"{DUMP} | gzip > dump.sql.gz",
            "mysqldump | zstd -3 -T2": f"{DUMP} | zstd -q -f -3 -T2 -o dump.sql.zst",
            **mydumper,
            "limit: cp of the files": f"rm -rf cp && cp -r {files} cp && sync -f cp",
            "limit: tar of the files | zstd -1": f"tar -C {files} -c . | zstd -q -f -1 -T2 -o files.tar.zst",
        }

    def sizes(self) -> dict[str, int]:
        """Bytes that each of them wrote."""
        files = {
            "mysqldump | gzip": "dump.sql.gz",
            "mysqldump | zstd -3 -T2": "dump.sql.zst",
            "limit: tar of the files | zstd -1": "files.tar.zst",
        }
        sizes = {name: (SCRATCH / file).stat().st_size for name, file in files.items()}
        if self.mydumper:
            sizes[MYDUMPER] = sum(path.stat().st_size for path in (SCRATCH / "mydumper").iterdir())
        return sizes
