"""Wall time and own peak memory of one command."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    seconds: float
    peak_bytes: int
    """VmHWM of the command's own process: servers it starts are not counted."""


def measure(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Measured:
    """Run `command`; raises CalledProcessError with its output when it fails."""
    begun = time.monotonic()
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        peak = [0]
        stop = threading.Event()
        sampler = threading.Thread(target=_sample, args=(process.pid, peak, stop))
        sampler.start()
        output, _ = process.communicate()
        stop.set()
        sampler.join()
    seconds = time.monotonic() - begun
    if process.returncode:
        raise subprocess.CalledProcessError(
            process.returncode, command[0], output=output.decode(errors="replace")
        )
    return Measured(seconds, peak[0])


def medians(
    commands: Mapping[str, Callable[[], Measured]], rounds: int, report: Callable[[str], None]
) -> dict[str, Measured]:
    """Each command `rounds` times, in turn, so that a slow minute of the machine hits all of them."""
    found: dict[str, list[Measured]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, run in commands.items():
            result = run()
            found[name].append(result)
            figures = f"{result.seconds:6.2f} s  {result.peak_bytes / 1e6:6.0f} MB"
            report(f"round {number + 1}  {name:<28} {figures}")
    return {
        name: Measured(
            statistics.median(result.seconds for result in results),
            max(result.peak_bytes for result in results),
        )
        for name, results in found.items()
    }


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
