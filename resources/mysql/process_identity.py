"""Telling one process from another that got its number later."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from resources.child_environment import child_environment

_PROC = Path("/proc")


@dataclass(frozen=True)
class ProcessIdentity:
    """A process number with the moment the process began, as the kernel says it.

    Numbers are reused; a signal to a bare one may hit a stranger.
    """

    pid: int
    started: str

    @property
    def is_alive(self) -> bool:
        return self.pid > 0 and started_at(self.pid) == self.started


def identity_of(pid: int) -> ProcessIdentity:
    """The identity of a running process. Raises ProcessLookupError when there is none."""
    started = started_at(pid)
    if started is None:
        raise ProcessLookupError(pid)
    return ProcessIdentity(pid, started)


def started_at(pid: int) -> str | None:
    """When the process began, in the kernel's own unit; None when it is gone or a zombie."""
    if not _PROC.is_dir():
        return _ask_ps(pid, "lstart=")
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in parentheses and may itself contain some.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def command_line(pid: int) -> list[str]:
    """argv of a running process, [] when it is gone."""
    if not _PROC.is_dir():
        return (_ask_ps(pid, "command=") or "").split()
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def processes_with_argument(argument: str) -> list[int]:
    """Every process that has exactly this word in its argv."""
    if _PROC.is_dir():
        pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    else:
        listed = _run_ps(["-axo", "pid="])
        listed.check_returncode()
        pids = [int(pid) for pid in listed.stdout.split()]
    return [pid for pid in pids if argument in command_line(pid) and started_at(pid) is not None]


def _ask_ps(pid: int, column: str) -> str | None:
    return _run_ps(["-o", column, "-p", str(pid)]).stdout.strip() or None


def _run_ps(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    # Fixed: the start of a process is text in the language and zone of who asks.
    environment = child_environment(LC_ALL="C", TZ="UTC")
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False, env=environment)
