"""What happened between two looks, from counters that only rise."""

from __future__ import annotations

import time
from pathlib import Path

from resources.metrics.sample import Sample

_DATABASE = (
    "queries_per_s",
    "slow_queries_per_s",
    "refused_connections",
    "buffer_pool_hit_share",
    "buffer_pool_reads_per_s",
)
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def stamp(sample: Sample) -> None:
    """The clock that only runs forward, as a counter."""
    sample.raw["monotonic"] = time.monotonic()
    boot = _BOOT.read_text(encoding="ascii").strip() if _BOOT.is_file() else ""
    sample.texts["boot"] = boot


def add_rates(sample: Sample, previous: Sample | None) -> None:
    """Figures of the interval since `previous`; None with the reason where they cannot be told."""
    if previous is None:
        sample.unknown((*_DATABASE, "clock_jump_s"), "it takes two looks")
        if "pm2_restarts" in sample.raw:
            sample.unknown(["pm2_restarts"], "it takes two looks")
        return
    same_boot = sample.texts.get("boot") and sample.texts.get("boot") == previous.texts.get("boot")
    passed = sample.raw["monotonic"] - previous.raw.get("monotonic", 0.0)
    if not same_boot or passed <= 0:
        sample.unknown(["clock_jump_s"], "the machine was started anew")
        passed = sample.at - previous.at
    else:
        sample.figures["clock_jump_s"] = round(sample.at - previous.at - passed, 3)
    _restarts(sample, previous)
    if sample.figures.get("reachable") != 1:
        return
    if "Questions" not in previous.raw:
        sample.unknown(_DATABASE, "the server did not answer at the look before")
    elif sample.raw["Uptime"] < previous.raw["Uptime"]:
        sample.unknown(_DATABASE, "the server was restarted")
    elif passed <= 0:
        sample.unknown(_DATABASE, "no time has passed")
    else:
        _database(sample, previous, passed)


def _database(sample: Sample, previous: Sample, seconds: float) -> None:
    def more(name: str) -> float:
        # FLUSH STATUS sets counters to 0.
        return max(0.0, sample.raw[name] - previous.raw.get(name, 0.0))

    requests = more("Innodb_buffer_pool_read_requests")
    sample.figures.update(
        {
            "queries_per_s": round(more("Questions") / seconds, 2),
            "slow_queries_per_s": round(more("Slow_queries") / seconds, 4),
            "refused_connections": more("Connection_errors_max_connections"),
            "buffer_pool_reads_per_s": round(requests / seconds, 1),
        }
    )
    if requests:
        missed = more("Innodb_buffer_pool_reads") / requests
        sample.figures["buffer_pool_hit_share"] = round(max(0.0, 1 - missed), 5)
    else:
        sample.unknown(["buffer_pool_hit_share"], "no page was read")


def _restarts(sample: Sample, previous: Sample) -> None:
    now, before = sample.raw.get("pm2_restarts"), previous.raw.get("pm2_restarts")
    if now is None:
        sample.figures.setdefault("pm2_restarts", None)
        return  # the reason is there already
    if before is None:
        sample.unknown(["pm2_restarts"], "it takes two looks")
    else:
        sample.figures["pm2_restarts"] = max(0.0, now - before)
