"""Every figure: its name, its area, its unit, what it says. The one list for all that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from resources.health.status import Area

Unit = Literal["ms", "s", "bytes", "share", "count", "per s", "yes", "percent"]


@dataclass(frozen=True)
class Figure:
    name: str
    area: Area
    unit: Unit
    what: str

    def shown(self, value: float | None) -> str:
        """The value as a person reads it."""
        if value is None:
            return "unknown"
        match self.unit:
            case "yes":
                return "yes" if value else "no"
            case "share":
                return f"{value:.1%}"
            case "bytes":
                return f"{value / 1e6:,.0f} MB"
            case "count":
                return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
            case "percent":
                return f"{value:.1f} %"
            case _:
                return f"{value:,.3g} {self.unit}" if abs(value) < 1000 else f"{value:,.0f} {self.unit}"


def _of(area: Area, *figures: tuple[str, Unit, str]) -> list[Figure]:
    return [Figure(name, area, unit, what) for name, unit, what in figures]


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in [
        *_of(
            "database",
            ("reachable", "yes", "the server answers with the given login"),
            ("latency_ms", "ms", "one round trip"),
            ("threads_connected", "count", "connections in use"),
            ("max_connections", "count", "connections there may be"),
            ("threads_running", "count", "connections that run a statement"),
            ("refused_connections", "count", "logins refused in the interval because all were in use"),
            ("queries_per_s", "per s", "statements"),
            ("slow_queries_per_s", "per s", "statements slower than long_query_time"),
            ("row_lock_waits", "count", "sessions that wait for a row lock"),
            ("table_lock_waits", "count", "sessions that wait for a metadata lock"),
            ("lock_queue_s", "s", "the longest wait for a metadata lock"),
            ("longest_transaction_s", "s", "age of the oldest open transaction"),
            ("history_length", "count", "InnoDB undo records not yet purged"),
            ("buffer_pool_hit_share", "share", "page reads served from memory in the interval"),
            ("buffer_pool_reads_per_s", "per s", "page reads asked for"),
            ("replication_lag_s", "s", "how far the replica is behind"),
            ("datadir_free_bytes", "bytes", "free on the disk of the data folder"),
            ("datadir_total_bytes", "bytes", "size of the disk of the data folder"),
            ("auto_increment_share", "share", "of the fullest AUTO_INCREMENT range"),
            ("row_versions", "count", "INSTANT row versions of the table with most"),
            ("row_versions_most", "count", "row versions a table may have"),
            ("binlog_bytes", "bytes", "all binary logs of the server"),
            ("binlog_expire_s", "s", "how long the server keeps binary logs; 0: for ever"),
            ("read_only", "yes", "the server takes no writes"),
            ("uptime_s", "s", "since the server was started"),
        ),
        *_of(
            "application",
            ("http_ms", "ms", "one answer of the health page"),
            ("http_good", "yes", "that answer was good"),
            ("errors_share", "share", "bad answers within the window"),
            ("pm2_processes", "count", "processes of the application in PM2"),
            ("pm2_down", "count", "of them not online"),
            ("pm2_restarts", "count", "restarts by PM2 in the interval"),
            ("pm2_cpu_percent", "percent", "CPU of them all"),
            ("pm2_memory_bytes", "bytes", "memory of them all"),
        ),
        *_of(
            "system",
            ("load_1", "count", "load, mean of a minute"),
            ("load_5", "count", "load, mean of five minutes"),
            ("cpus", "count", "processors"),
            ("memory_available_bytes", "bytes", "memory that is available"),
            ("memory_total_bytes", "bytes", "memory there is"),
            ("disk_free_bytes", "bytes", "free on the disk of the backups"),
            ("disk_total_bytes", "bytes", "size of the disk of the backups"),
            ("clock_offset_s", "s", "this machine's clock against the database server's"),
            ("clock_jump_s", "s", "by how much the clock was set in the interval"),
        ),
    ]
}


def names_of(area: Area) -> list[str]:
    return [figure.name for figure in FIGURES.values() if figure.area == area]
