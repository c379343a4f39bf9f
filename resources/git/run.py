"""One call of git: no prompt, no hook, no configuration of others, bounded in time and size."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from resources.child_environment import child_environment
from resources.errors import GitError
from resources.redact import inert, redact

_OPTIONS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.symlinks": "false",
    "core.askPass": "",
    "credential.helper": "",
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",
    "transfer.fsckObjects": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "100",
    "http.lowSpeedTime": "15",
}
MAX_OUTPUT = 64 * 2**20
"""Bytes of one answer of git's: what dbsync is ready to hold in memory."""
_SAYS = ("fatal:", "error:", "remote:", "ssh:", "!")
_SSH_SAYS = ("Host key verification failed.", "Permission denied (")
"""Without them ssh's refusal is git's guess: "make sure you have the correct access rights"."""
_POLL = 0.02
_LOOK = 0.2
"""Seconds between two looks at how large the repository has become."""


def git(
    folder: Path,
    arguments: Sequence[str],
    *,
    safe: Path | str,
    protocol: str = "",
    configuration: str = "",
    options: Sequence[str] = (),
    given: dict[str, str] | None = None,
    stdin: bytes = b"",
    seconds: float = 20.0,
    too_large: Callable[[], bool] | None = None,
) -> bytes:
    """What `git ARGUMENTS` printed. Everything that is not an option of ours comes behind `--` or
    `--end-of-options`: the caller's duty.

    `safe`: the repository that may belong to another user. `protocol`: the only one that may be
    spoken; "" is none. `configuration`: text of a file that only git reads, for what no process list
    may show. `too_large` is asked while git runs. Raises GitError.
    """
    with tempfile.TemporaryDirectory(prefix="dbsync-git-") as scratch:
        private = Path(scratch) / "config"
        private.touch(mode=0o600)
        private.write_text(f"[safe]\n\tdirectory = {quoted(str(safe))}\n{configuration}", encoding="utf-8")
        with (Path(scratch) / "out").open("w+b") as out, (Path(scratch) / "err").open("w+b") as err:
            with _started(
                folder, arguments, private, protocol, options, given or {}, stdin, out, err
            ) as running:
                _wait(running, out, err, seconds, too_large)
                code = running.returncode
            out.seek(0)
            err.seek(0)
            if code != 0:
                raise GitError(
                    "git could not do it",
                    why=_said(err.read(2**16)) or f"git {arguments[0]} ended with {code}",
                )
            return out.read()


@contextmanager
def _started(
    folder: Path,
    arguments: Sequence[str],
    configuration: Path,
    protocol: str,
    options: Sequence[str],
    given: dict[str, str],
    stdin: bytes,
    out: IO[bytes],
    err: IO[bytes],
) -> Iterator[subprocess.Popen[bytes]]:
    every = [part for name, text in _OPTIONS.items() for part in ("-c", f"{name}={text}")]
    every += [part for option in options for part in ("-c", option)]
    with tempfile.TemporaryFile() as asked:
        asked.write(stdin)
        asked.seek(0)
        try:
            running = subprocess.Popen(
                ["git", *every, *arguments],
                cwd=folder,
                env=_environment(
                    network=protocol in ("http", "https"),
                    GIT_CONFIG_GLOBAL=str(configuration),
                    GIT_ALLOW_PROTOCOL=protocol or "none",
                    **given,
                ),
                stdin=asked,
                stdout=out,
                stderr=err,
                start_new_session=True,  # ssh and index-pack end with it
            )
        except FileNotFoundError:
            raise GitError(
                "git is not installed", hint="apt install git, or what your system calls it"
            ) from None
        except OSError as error:
            raise GitError("git could not be started", why=inert(str(error))) from error
    try:
        yield running
    finally:
        if running.poll() is None:
            _end(running)


def reading(repository: Path, arguments: Sequence[str], stdin: IO[bytes]) -> subprocess.Popen[bytes]:
    """A git that answers on `stdout` piece by piece, without any network; the caller ends it."""
    return subprocess.Popen(
        ["git", "-c", f"safe.directory={repository}", *arguments],
        cwd=repository,
        env=_environment(GIT_ALLOW_PROTOCOL="none"),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _environment(*, network: bool = False, **given: str) -> dict[str, str]:
    """Neither prompts nor a configuration that dbsync did not write: with the repository's folder as
    HOME, a .gitconfig that somebody pushed would be obeyed."""
    nothing = {
        "HOME": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "LC_ALL": "C.UTF-8",
    }
    return child_environment(network=network, **(nothing | given))


def _wait(
    running: subprocess.Popen[bytes],
    out: IO[bytes],
    err: IO[bytes],
    seconds: float,
    too_large: Callable[[], bool] | None,
) -> None:
    deadline = time.monotonic() + seconds
    look = 0.0
    while True:
        try:
            running.wait(_POLL)
            return
        except subprocess.TimeoutExpired:
            pass
        if max(os.fstat(out.fileno()).st_size, os.fstat(err.fileno()).st_size) > MAX_OUTPUT:
            raise GitError("git's answer is too large", why=f"more than {MAX_OUTPUT:,} bytes")
        if too_large and time.monotonic() > look:
            look = time.monotonic() + _LOOK
            if not too_large():
                continue
            raise GitError(
                "the repository is too large", hint="raise GIT_MAX_SIZE, or watch a smaller repository"
            )
        if time.monotonic() > deadline:
            raise GitError("git took too long", why=f"more than {seconds:g} seconds; it was ended")


def _end(running: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(running.pid, number)
            running.wait(2)
            return
        except ProcessLookupError:
            running.wait()
            return
        except subprocess.TimeoutExpired:
            continue


def _said(err: bytes) -> str:
    """The first lines of git's own words that say something."""
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [
        line for line in lines if line.startswith(_SAYS) or any(one in line for one in _SSH_SAYS)
    ] or lines
    return inert(redact("; ".join(told[:3])))


def quoted(text: str) -> str:
    """As a value of a git configuration file."""
    inside = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inside}"'
