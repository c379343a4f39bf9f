"""What one command costs: wall time, CPU time of client and server, own peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Measured:
    seconds: float
    cpu: float
    """CPU seconds of the command, of all it started and waited for, and of the watched servers."""
    peak_bytes: int
    """VmHWM of the command's own process: servers it starts are not counted."""
    marks: Mapping[str, float] = field(default_factory=dict)
    """Further figures that the caller read out of the result; seconds."""


def measure(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], servers: Sequence[int] = ()
) -> Measured:
    """Run `command`; raises CalledProcessError with its output when it fails.

    servers: process ids whose CPU time meanwhile belongs to the command.
    """
    watched = [psutil.Process(pid) for pid in servers]
    used_before = sum(_cpu(process) for process in watched)
    begun = time.monotonic()
    output = bytearray()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout
    peak, stop = [0], threading.Event()
    sampler = threading.Thread(target=_sample, args=(process.pid, peak, stop))
    sampler.start()
    while block := process.stdout.read(1 << 16):
        output += block
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    stop.set()
    sampler.join()
    if process.returncode:
        raise subprocess.CalledProcessError(
            process.returncode, command[0], output=output.decode(errors="replace")
        )
    used = sum(_cpu(process) for process in watched) - used_before
    return Measured(seconds, usage.ru_utime + usage.ru_stime + used, peak[0])


def medians(
    commands: Mapping[str, Callable[[], Measured]], rounds: int, report: Callable[[str], None]
) -> dict[str, Measured]:
    """Each command `rounds` times, in turn, so that a slow minute of the machine hits all of them."""
    found: dict[str, list[Measured]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, run in commands.items():
            result = run()
            found[name].append(result)
            report(
                f"round {number + 1}  {name:<34} {result.seconds:7.2f} s  CPU {result.cpu:7.2f} s"
                f"  own peak {result.peak_bytes / 1e6:5.0f} MB"
                + "".join(f"  {mark} {seconds:.2f} s" for mark, seconds in result.marks.items())
            )
    return {name: _median(results) for name, results in found.items()}


def _median(results: Sequence[Measured]) -> Measured:
    return Measured(
        statistics.median(result.seconds for result in results),
        statistics.median(result.cpu for result in results),
        max(result.peak_bytes for result in results),
        {mark: statistics.median(result.marks[mark] for result in results) for mark in results[0].marks},
    )


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


def _sample(pid: int, peak: list[int], stop: threading.Event) -> None:
    while not stop.wait(0.02):
        try:
            text = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        for line in text.splitlines():
            if line.startswith("VmHWM"):
                peak[0] = max(peak[0], int(line.split()[1]) * 1024)


def environment(**more: str) -> dict[str, str]:
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "MYSQLD", "DBSYNC_TOOLS") if key in os.environ}
    return {**keep, "LC_ALL": "C.UTF-8", "DAGSTER_DISABLE_TELEMETRY": "yes", **more}
