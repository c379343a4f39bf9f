"""Every rule by which a figure is judged: once for a health check, each interval by the monitoring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from resources.health import thresholds as limit
from resources.health.status import Area, Problem

Figures = Mapping[str, object]
Limits = Mapping[str, tuple[float | None, float | None]]
"""Rule → (warn, fail), where a person set others than `thresholds` has; None: no such limit."""


@dataclass(frozen=True)
class Rule:
    """`value`: what is compared, None where it is not known. `what`: the finding in words."""

    name: str
    area: Area
    value: Callable[[Figures], float | None]
    what: Callable[[Figures], str]
    warn: float | None = None
    fail: float | None = None
    shown: Callable[[float], str] = field(default="{:g}".format)
    """A limit in words."""
    too_little: bool = False
    """The value is bad below its limit, not above."""
    at_limit: bool = False
    """The limit itself is bad already."""
    undoes: bool = False
    """A release under which it became critical, and stayed so, is taken back."""

    def passes(self, value: float, bound: float | None) -> bool:
        if bound is None:
            return False
        return (value < bound if self.too_little else value > bound) or (self.at_limit and value == bound)


def judge(area: Area, figures: Figures, limits: Limits | None = None) -> list[Problem]:
    """What passes a limit. A figure that is not known passes none."""
    found = []
    for rule in (one for one in RULES if one.area == area):
        value = rule.value(figures)
        if value is None:
            continue
        warn, fail = (limits or {}).get(rule.name, (rule.warn, rule.fail))
        if rule.passes(value, fail):
            assert fail is not None
            found.append(Problem(area, rule.what(figures), rule.shown(fail), name=rule.name))
        elif rule.passes(value, warn):
            assert warn is not None
            found.append(Problem(area, rule.what(figures), rule.shown(warn), "warn", name=rule.name))
    return found


def number(figures: Figures, name: str) -> float | None:
    found = figures.get(name)
    return float(found) if isinstance(found, (int, float)) else None


def _one(name: str) -> Callable[[Figures], float | None]:
    return lambda figures: number(figures, name)


def _share(part: str, whole: str) -> Callable[[Figures], float | None]:
    def value(figures: Figures) -> float | None:
        used, most = number(figures, part), number(figures, whole)
        return None if used is None or not most else used / most

    return value


def _sum(*names: str) -> Callable[[Figures], float | None]:
    def value(figures: Figures) -> float | None:
        known = [found for name in names if (found := number(figures, name)) is not None]
        return sum(known) if known else None

    return value


def _said(template: str) -> Callable[[Figures], str]:
    return lambda figures: template.format_map(figures)


def _percent(bound: float) -> str:
    return f"{bound:.0%}"


def _mebibytes(count: float) -> str:
    return f"{count / 2**20:,.0f} MiB"


def _mib(name: str, text: str) -> Callable[[Figures], str]:
    return lambda figures: f"{_mebibytes(number(figures, name) or 0)} {text.format_map(figures)}"


def _disk_share(figures: Figures) -> float | None:
    free = number(figures, "disk_free_bytes")
    # The rule `disk_free` says it already where even less is left.
    return None if free is None or free < limit.DISK_FAIL_BYTES else _DISK_SHARE(figures)


_DISK_SHARE = _share("disk_free_bytes", "disk_total_bytes")

RULES: tuple[Rule, ...] = (
    Rule(
        "latency",
        "database",
        _one("latency_ms"),
        _said("{latency_ms:g} ms a round trip"),
        warn=limit.LATENCY_WARN_MS,
        shown="{:g} ms".format,
    ),
    Rule(
        "connections",
        "database",
        _share("threads_connected", "max_connections"),
        _said("{threads_connected:g} of {max_connections:g} connections in use"),
        warn=limit.CONNECTIONS_WARN_SHARE,
        fail=limit.CONNECTIONS_FAIL_SHARE,
        shown=_percent,
        at_limit=True,
        undoes=True,
    ),
    Rule(
        "read_only",
        "database",
        lambda figures: None if figures.get("read_only") is None else float(bool(figures["read_only"])),
        _said("the server is read-only"),
        fail=0,
        shown=lambda _: "writable",
    ),
    Rule(
        "long_transaction",
        "database",
        _one("longest_transaction_s"),
        _said("a transaction has been open for {longest_transaction_s:g} s"),
        warn=limit.TRANSACTION_WARN_SECONDS,
        shown="{:g} s".format,
    ),
    Rule(
        "lock_waits",
        "database",
        _sum("row_lock_waits", "table_lock_waits"),
        lambda figures: (
            f"{_sum('row_lock_waits', 'table_lock_waits')(figures) or 0:g} sessions wait for locks"
        ),
        warn=limit.LOCK_WAITS_WARN,
    ),
    Rule(
        "lock_queue",
        "database",
        _one("lock_queue_s"),
        _said("{lock_queue}"),
        warn=limit.LOCK_QUEUE_WARN_SECONDS,
        fail=limit.LOCK_QUEUE_FAIL_SECONDS,
        shown="{:g} s".format,
        at_limit=True,
    ),
    Rule(
        "refused_connections",
        "database",
        _one("refused_connections"),
        _said("{refused_connections:g} connections were refused because all are in use"),
        warn=0,
        fail=limit.REFUSED_FAIL,
        undoes=True,
    ),
    Rule(
        "slow_queries",
        "database",
        _one("slow_queries_per_s"),
        _said("{slow_queries_per_s:.2g} slow queries a second"),
        warn=limit.SLOW_QUERIES_WARN_PER_SECOND,
        shown="{:g} a second".format,
    ),
    Rule(
        "history_length",
        "database",
        _one("history_length"),
        _said("{history_length:,.0f} old row versions wait to be purged"),
        warn=limit.HISTORY_WARN,
        shown="{:,.0f}".format,
    ),
    Rule(
        "buffer_pool",
        "database",
        # A few misses of a few reads mean nothing.
        lambda figures: (
            number(figures, "buffer_pool_hit_share")
            if (number(figures, "buffer_pool_reads_per_s") or 0) >= limit.BUFFER_POOL_LEAST_READS
            else None
        ),
        _said("{buffer_pool_hit_share:.1%} of the reads found their page in the buffer pool"),
        warn=limit.BUFFER_POOL_WARN_SHARE,
        shown=_percent,
        too_little=True,
    ),
    Rule(
        "replication_lag",
        "database",
        _one("replication_lag_s"),
        _said("the replica is {replication_lag_s:,.0f} s behind"),
        warn=limit.REPLICATION_LAG_WARN_SECONDS,
        shown="{:g} s".format,
    ),
    Rule(
        "datadir_disk",
        "database",
        _one("datadir_free_bytes"),
        _mib("datadir_free_bytes", "free for the server's data"),
        warn=limit.DATADIR_WARN_BYTES,
        fail=limit.DISK_FAIL_BYTES,
        shown=_mebibytes,
        too_little=True,
    ),
    Rule(
        "auto_increment",
        "database",
        _one("auto_increment_share"),
        _said("`{auto_increment_of}` has used {auto_increment_share:.1%} of its AUTO_INCREMENT range"),
        warn=limit.AUTO_INCREMENT_WARN_SHARE,
        fail=None,
        shown=_percent,
    ),
    Rule(
        "row_versions",
        "database",
        _share("row_versions", "row_versions_most"),
        _said("`{row_versions_of}` has {row_versions:g} of {row_versions_most:g} INSTANT row versions"),
        warn=limit.ROW_VERSIONS_WARN_SHARE,
        shown=_percent,
    ),
    Rule(
        "application_errors",
        "application",
        _one("errors_share"),
        _said("{errors_share:.0%} of the application's answers were bad, the last one: {last_failure}"),
        warn=limit.ANSWERS_WARN_SHARE,
        fail=limit.ANSWERS_FAIL_SHARE,
        shown=_percent,
        at_limit=True,
        undoes=True,
    ),
    Rule(
        "application_latency",
        "application",
        _one("http_ms"),
        _said("the application answers in {http_ms:,.0f} ms"),
        warn=limit.ANSWER_WARN_MS,
        shown="{:g} ms".format,
    ),
    Rule(
        "pm2_down",
        "application",
        _one("pm2_down"),
        _said("{pm2_down:g} processes of the application are not online in PM2"),
        fail=0,
        undoes=True,
    ),
    Rule(
        "pm2_restarts",
        "application",
        _one("pm2_restarts"),
        _said("PM2 started the application {pm2_restarts:g} times anew within the interval"),
        warn=0,
    ),
    Rule(
        "disk_free",
        "system",
        _one("disk_free_bytes"),
        _mib("disk_free_bytes", "free at {disk_path}"),
        fail=limit.DISK_FAIL_BYTES,
        shown=_mebibytes,
        too_little=True,
    ),
    Rule(
        "disk_share",
        "system",
        _disk_share,
        _mib("disk_free_bytes", "free at {disk_path}"),
        warn=limit.DISK_WARN_SHARE,
        shown=lambda bound: f"{bound:.0%} of the disk",
        too_little=True,
    ),
    Rule(
        "memory",
        "system",
        _share("memory_available_bytes", "memory_total_bytes"),
        lambda figures: (
            f"{_share('memory_available_bytes', 'memory_total_bytes')(figures) or 0:.1%}"
            " of the memory is available"
        ),
        warn=limit.MEMORY_WARN_SHARE,
        shown=_percent,
        too_little=True,
    ),
    Rule(
        "load",
        "system",
        _share("load_5", "cpus"),
        lambda figures: f"load {_share('load_5', 'cpus')(figures) or 0:.1f} per CPU",
        warn=limit.LOAD_WARN_PER_CPU,
    ),
    Rule(
        "clock_offset",
        "system",
        lambda figures: None if (off := number(figures, "clock_offset_s")) is None else abs(off),
        _said("this machine's clock differs from the database server's by {clock_offset_s:+.1f} s"),
        warn=limit.CLOCK_OFFSET_WARN_SECONDS,
        shown="{:g} s".format,
    ),
    Rule(
        "clock_jump",
        "system",
        lambda figures: None if (jump := number(figures, "clock_jump_s")) is None else abs(jump),
        _said("the clock was set by {clock_jump_s:+.1f} s"),
        warn=limit.CLOCK_JUMP_WARN_SECONDS,
        shown="{:g} s".format,
    ),
)
