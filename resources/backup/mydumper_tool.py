"""The mydumper and myloader on this machine: where they are, their version, what they understand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from resources.child_environment import mysql_environment
from resources.redact import inert
from resources.target import Target

_VERSION = re.compile(r"\bv?(\d+(?:\.\d+)+(?:-\d+)?)")
_ANSWER_WITHIN = 30


class NoMydumperError(Exception):
    """Why there is none to be used, as a phrase."""


@dataclass(frozen=True)
class MydumperTool:
    dumper: Path
    loader: Path
    version: str
    """As `mydumper --version` says it, e.g. "0.10.0"."""

    def understands(self, option: str) -> bool:
        """Whether this mydumper knows `--option`: the names came and went between versions."""
        return re.search(rf"--{re.escape(option)}\b", _help(self.dumper)) is not None

    @property
    def identity(self) -> list[object]:
        """Changes whenever another program lies there."""
        found = [(path.resolve(), path.stat()) for path in (self.dumper, self.loader)]
        return [self.version, *((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)]


def find_mydumper(target: Target) -> MydumperTool:
    """$MYDUMPER, else the one on PATH. Raises NoMydumperError."""
    if target.mydumper is not None:
        dumper = target.mydumper
        if not os.access(dumper, os.X_OK):
            raise NoMydumperError(f"MYDUMPER names {dumper}, which is no program")
    else:
        found = shutil.which("mydumper")
        if found is None:
            raise NoMydumperError("no mydumper on PATH")
        dumper = Path(found)
    beside = dumper.with_name("myloader")
    loader = str(beside) if os.access(beside, os.X_OK) else shutil.which("myloader")
    if loader is None:
        raise NoMydumperError(f"no myloader beside {dumper} or on PATH")
    return MydumperTool(dumper, Path(loader), _version(dumper))


def _version(dumper: Path) -> str:
    said = _run(dumper, "--version")
    found = _VERSION.search(said)
    if not found:
        raise NoMydumperError(f"{dumper} does not say its version: {inert(said[:120])}")
    return found[1]


@cache
def _help(dumper: Path) -> str:
    try:
        return _run(dumper, "--help")
    except NoMydumperError:
        return ""


def _run(program: Path, option: str) -> str:
    try:
        done = subprocess.run(
            [str(program), option],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_WITHIN,
            check=False,
            env=mysql_environment(LC_ALL="C"),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoMydumperError(f"{program} does not run: {error}") from error
    return done.stdout + done.stderr
