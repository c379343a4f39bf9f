"""What PM2 says of the application, in numbers.

`pm2 jlist` starts a Node process, about 0.3 s of CPU: at each look it would cost more than all the
rest. So PM2 is asked every few minutes, or when a process that it named is gone, and between the
processes themselves are looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import psutil

from resources.app.app import App
from resources.metrics.sample import Sample
from resources.pm2 import ONLINE, Listing, Pm2
from resources.redact import inert, redact
from resources.target import Target

FIGURES = ("pm2_processes", "pm2_down", "pm2_restarts", "pm2_cpu_percent", "pm2_memory_bytes")
ASK_SECONDS = 300.0
ASK_AGAIN_SECONDS = 60.0
"""The shortest time between two questions, whatever happens."""


def look_at_pm2(target: Target, sample: Sample, previous: Sample | None) -> None:
    """Figures of PM2, or None with the reason where no application is set or PM2 does not answer."""
    if target.app is None:
        sample.unknown(FIGURES, "no application is set")
        return
    alive = _alive(previous)
    if previous is not None and not _to_be_asked(sample, previous, alive):
        _carry(sample, previous)
    else:
        sample.raw["pm2_asked_at"] = sample.at
        _ask(sample, _listing(target.app))
        alive = _alive(sample)
    if "pm2_pids" not in sample.texts:
        return
    gone = len(json.loads(sample.texts["pm2_pids"])) - len(alive)
    sample.figures["pm2_processes"] = sample.raw["pm2_processes"]
    sample.figures["pm2_down"] = sample.raw["pm2_down"] + gone
    _use(sample, previous, alive)


def _listing(app: App) -> Listing:
    return Pm2(app).listing()


def _ask(sample: Sample, listing: Listing) -> None:
    if listing.unknown is not None:
        sample.unknown(FIGURES, inert(redact(listing.unknown)))
        return
    found = listing.processes
    online = [one for one in found if one.status == ONLINE and one.pid]
    started = {str(one.pid): _started(one.pid or 0) for one in online}
    sample.texts["pm2_pids"] = json.dumps({pid: at for pid, at in started.items() if at is not None})
    sample.raw["pm2_processes"] = len(found)
    # An application that PM2 does not know at all is down too.
    sample.raw["pm2_down"] = len(found) - len(online) if found else 1
    sample.raw["pm2_restarts"] = sum(one.restarts for one in found)


def _carry(sample: Sample, previous: Sample) -> None:
    for name in ("pm2_asked_at", "pm2_processes", "pm2_down", "pm2_restarts"):
        if name in previous.raw:
            sample.raw[name] = previous.raw[name]
    if "pm2_pids" in previous.texts:
        sample.texts["pm2_pids"] = previous.texts["pm2_pids"]
    else:
        sample.unknown(FIGURES, previous.reasons.get("pm2_processes", "PM2 was not asked yet"))


def _to_be_asked(sample: Sample, previous: Sample, alive: Sequence[psutil.Process]) -> bool:
    asked = previous.raw.get("pm2_asked_at")
    if asked is None or sample.at < asked:
        return True
    calm = len(json.loads(previous.texts.get("pm2_pids", "{}"))) == len(alive) > 0
    return sample.at - asked >= (ASK_SECONDS if calm else ASK_AGAIN_SECONDS)


def _use(sample: Sample, previous: Sample | None, alive: Sequence[psutil.Process]) -> None:
    """CPU over the interval and memory, read from the processes themselves."""
    seconds = memory = 0.0
    for process in alive:
        try:
            times = process.cpu_times()
            memory += process.memory_info().rss
        except psutil.Error:
            continue
        seconds += times.user + times.system
    sample.figures["pm2_memory_bytes"] = memory
    sample.raw["pm2_cpu_s"] = seconds
    same = previous is not None and previous.texts.get("pm2_pids") == sample.texts["pm2_pids"]
    before = previous.raw.get("pm2_cpu_s") if previous and same else None
    passed = sample.at - previous.at if previous else 0.0
    if before is None or passed <= 0 or seconds < before:
        sample.unknown(["pm2_cpu_percent"], "it takes two looks at the same processes")
    else:
        sample.figures["pm2_cpu_percent"] = round(100 * (seconds - before) / passed, 2)


def _alive(sample: Sample | None) -> list[psutil.Process]:
    """The processes that PM2 named and that still run: a pid alone may be another's by now."""
    known = json.loads(sample.texts.get("pm2_pids", "{}")) if sample else {}
    return [psutil.Process(int(pid)) for pid, at in known.items() if _started(int(pid)) == at]


def _started(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
