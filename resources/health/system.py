"""The machine's side of health: disk of the storage, memory, load."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from resources.health import thresholds as limit
from resources.health.status import Problem


def check_system(storage: Path) -> tuple[dict[str, Any], list[Problem]]:
    """Figures (bytes, shares, load per CPU) and problems of the machine dbsync runs on."""
    place = next(folder for folder in (storage, *storage.absolute().parents) if folder.exists())
    disk = psutil.disk_usage(str(place))
    memory = psutil.virtual_memory()
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = psutil.getloadavg()
    figures = {
        "disk_path": str(place),
        "disk_free_bytes": disk.free,
        "disk_total_bytes": disk.total,
        "memory_available_bytes": memory.available,
        "memory_total_bytes": memory.total,
        "load_1": round(load[0], 2),
        "load_5": round(load[1], 2),
        "load_15": round(load[2], 2),
        "cpus": cpus,
    }
    return figures, list(_problems(figures))


def _problems(figures: dict[str, Any]) -> Iterator[Problem]:
    free, total = figures["disk_free_bytes"], figures["disk_total_bytes"]
    what = f"{free / 2**20:,.0f} MiB free at {figures['disk_path']}"
    if free < limit.DISK_FAIL_BYTES:
        yield Problem("system", what, f"{limit.DISK_FAIL_BYTES / 2**20:,.0f} MiB")
    elif free < total * limit.DISK_WARN_SHARE:
        yield Problem("system", what, f"{limit.DISK_WARN_SHARE:.0%} of the disk", "warn")
    available = figures["memory_available_bytes"] / figures["memory_total_bytes"]
    if available < limit.MEMORY_WARN_SHARE:
        yield Problem(
            "system", f"{available:.1%} of the memory is available", f"{limit.MEMORY_WARN_SHARE:.0%}", "warn"
        )
    load = figures["load_5"] / figures["cpus"]
    if load > limit.LOAD_WARN_PER_CPU:
        yield Problem("system", f"load {load:.1f} per CPU", f"{limit.LOAD_WARN_PER_CPU:g}", "warn")
