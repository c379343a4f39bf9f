"""`make bench ARGS=monitoring`: what looking costs, at the interval of every day and a short one."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from benchmarks.measure import environment
from benchmarks.stage import Bench
from resources.settings import CHECKOUT

_LOOKS = ((15.0, 61.0), (0.5, 20.0))
"""(MONITOR_INTERVAL, seconds measured)."""
_START_SECONDS = 5.0
"""Python's start is paid once, and is not what a monitor costs."""


def monitoring(bench: Bench) -> None:
    """Prints the share of one core of `dbsync monitor --listen`, and of the server more than idle."""
    server = psutil.Process(bench.server_pid)
    idle = _share(server, 15.0)
    for interval, seconds in _LOOKS:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dbsync_assets.cli", "monitor", "--listen", "127.0.0.1:0"],
            cwd=bench.shop.project,
            env=environment(PYTHONPATH=str(CHECKOUT), MONITOR_INTERVAL=f"{interval}s"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(_START_SECONDS)
            used = _cpu(server)
            own = _share(psutil.Process(process.pid), seconds)
            theirs = (_cpu(server) - used) / seconds - idle
            memory = psutil.Process(process.pid).memory_info().rss / 1e6
        finally:
            process.terminate()
            process.wait()
        print(
            f"  monitoring each {interval:g} s: {own:.3%} of a core, the server {max(0.0, theirs):.3%} more"
            f" than idle ({idle:.2%}), {memory:.0f} MB   (bar: below 1 % at 15 s)",
            flush=True,
        )


def _share(process: psutil.Process, seconds: float) -> float:
    used, begun = _cpu(process), time.monotonic()
    time.sleep(seconds)
    return (_cpu(process) - used) / (time.monotonic() - begun)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
