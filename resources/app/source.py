"""The files that a release is made of: those of one commit, not those that happen to lie in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from resources.child_environment import child_environment
from resources.errors import AppBuildError
from resources.redact import inert, redact

_NOT_SOURCE = (".git", "node_modules", ".next", ".dbsync", "releases", "shared")
_SECONDS = 300.0


def export(source: Path, commit: str | None, into: Path) -> None:
    """Write what `commit` has in the folder `source` of its repository into the new folder `into`.

    None: the folder as it is, without what is made from it. Raises AppBuildError.
    """
    if commit is None:
        shutil.copytree(source, into, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_SOURCE))
        return
    into.mkdir()
    with tempfile.TemporaryFile() as packed:
        _git(source, packed, "archive", "--format=tar", commit)
        packed.seek(0)
        try:
            with tarfile.open(fileobj=packed) as archive:
                archive.extractall(into, filter="data")  # no link or path leads out
        except tarfile.TarError as error:
            raise AppBuildError(
                "the commit cannot be unpacked", where=commit, why=inert(str(error)), hint="git fsck"
            ) from error


def _git(source: Path, out: object, *arguments: str) -> None:
    # In a folder of the repository `git archive` packs that folder alone.
    environment = child_environment(
        HOME=os.devnull,
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_TERMINAL_PROMPT="0",
        GIT_ATTR_NOSYSTEM="1",
        LC_ALL="C.UTF-8",
    )
    options = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "safe.directory=*")
    try:
        done = subprocess.run(
            ["git", *options, *arguments],
            cwd=source,
            env=environment,
            stdout=out,  # type: ignore[arg-type]
            stderr=subprocess.PIPE,
            timeout=_SECONDS,
            check=False,
        )
        why = done.stderr.decode("utf-8", "replace").strip() if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        raise AppBuildError(
            "the files of the commit cannot be read",
            where=f"{source}: {arguments[-1]}",
            why=inert(redact(why.splitlines()[0])),
            hint=f"git -C {source} archive {arguments[-1]} >/dev/null",
        )
