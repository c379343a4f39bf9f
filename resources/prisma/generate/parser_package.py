"""Prisma's own parser (an npm package, exactly the version of the lock file), fetched once into the tools."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from resources.child_environment import child_environment
from resources.errors import EnvironmentCheckError
from resources.progress import step
from resources.redact import redact

_READER = Path(__file__).resolve().parent.parent / "schema_reader"
_FILES = ("package.json", "package-lock.json")
_SECONDS = 300
SCRIPT = _READER / "read.js"


def node() -> str:
    """Path of Node.js. Raises EnvironmentCheckError."""
    found = shutil.which("node")
    if found is None:
        raise EnvironmentCheckError(
            "Prisma's schema files are read by Prisma's own parser, which needs Node.js",
            why="no `node` is on PATH",
            hint="install Node.js 18 or newer (apt-get install nodejs npm), then the same command again",
        )
    return found


def installed(tools: Path) -> Path | None:
    """The folder below which node finds the package, or None where it was not fetched yet."""
    folder = _folder(tools)
    return folder if folder.is_dir() else None


def get_parser(tools: Path) -> Path:
    """As `installed`, fetching it where it is missing. Raises EnvironmentCheckError."""
    node()
    final = _folder(tools)
    if final.is_dir():
        return final
    npm = shutil.which("npm")
    if npm is None:
        raise EnvironmentCheckError(
            "Prisma's parser is an npm package, and it is not here yet",
            why="no `npm` is on PATH",
            hint="install npm (apt-get install npm), then the same command again",
        )
    final.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{final.name}.partial-", dir=final.parent))
    try:
        with step("fetching Prisma's schema parser from npm (once)"):
            _fetch(npm, work)
        try:
            work.rename(final)
        except OSError:
            if not final.is_dir():  # another process was first
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def _fetch(npm: str, work: Path) -> None:
    for name in _FILES:
        shutil.copy(_READER / name, work / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    try:
        run = subprocess.run(
            command,
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            env=child_environment(network=True),
        )
        why = "" if run.returncode == 0 else run.stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        raise EnvironmentCheckError(
            "Prisma's parser could not be fetched from npm",
            where=str(work.parent),
            why=redact("\n".join(why.splitlines()[:5]))[:800],
            hint="check the connection to the npm registry (npm ping), then the same command again",
        )


def _folder(tools: Path) -> Path:
    content = b"".join((_READER / name).read_bytes() for name in _FILES)
    return tools.absolute() / "prisma-schema" / hashlib.sha256(content).hexdigest()[:12]
