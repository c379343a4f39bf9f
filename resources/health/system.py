"""The machine's side of health: disk of the storage, memory, load."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil

from resources.health.rules import Limits, judge
from resources.health.status import Problem


def check_system(storage: Path, limits: Limits | None = None) -> tuple[dict[str, Any], list[Problem]]:
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
    return figures, judge("system", figures, limits)
