"""The database's figures at every look: a handful of statements that cost the server next to nothing."""

from __future__ import annotations

import time

import pymysql
from pymysql.cursors import DictCursor

from resources.metrics.lock_queue import lock_queue
from resources.metrics.reading import read
from resources.metrics.sample import Sample
from resources.mysql.connection import Connection, rows, value
from resources.target import Target

_STATUS = {
    "Threads_connected": "threads_connected",
    "Threads_running": "threads_running",
    "Uptime": "uptime_s",
    "Innodb_row_lock_current_waits": "row_lock_waits",
}
_COUNTERS = (
    "Questions",
    "Slow_queries",
    "Connection_errors_max_connections",
    "Innodb_buffer_pool_reads",
    "Innodb_buffer_pool_read_requests",
    "Uptime",
)
_NAMES = ", ".join(f"'{name}'" for name in {*_STATUS, *_COUNTERS})


def look_at_database(connection: Connection, target: Target, sample: Sample) -> None:
    """Raises MySQLError only where the connection is lost."""
    begun = time.monotonic()
    before = time.time()
    server_time, most, read_only, super_read_only, expire = rows(
        connection,
        "SELECT UNIX_TIMESTAMP(NOW(6)), @@max_connections, @@read_only, @@super_read_only,"
        " @@binlog_expire_logs_seconds",
    )[0]
    after = time.time()
    figures = sample.figures
    figures["reachable"] = 1
    figures["latency_ms"] = round((time.monotonic() - begun) * 1000, 2)
    figures["clock_offset_s"] = round((before + after) / 2 - float(server_time), 3)
    figures["max_connections"] = int(most)
    figures["read_only"] = int(bool(read_only) or bool(super_read_only))
    figures["binlog_expire_s"] = int(expire)
    status = dict(rows(connection, f"SHOW GLOBAL STATUS WHERE Variable_name IN ({_NAMES})"))
    for name, figure in _STATUS.items():
        figures[figure] = int(status[name])
    sample.raw.update({name: int(status[name]) for name in _COUNTERS})
    read(
        sample,
        ["longest_transaction_s", "history_length"],
        lambda: _innodb(connection, sample),
        "GRANT PROCESS",
    )
    read(sample, ["replication_lag_s"], lambda: _lag(connection, sample), "GRANT REPLICATION CLIENT")
    lock_queue(connection, target, sample)


def _innodb(connection: Connection, sample: Sample) -> None:
    sample.figures["longest_transaction_s"] = int(
        value(
            connection,
            "SELECT COALESCE(MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW())), 0)"
            " FROM information_schema.innodb_trx",
        )
    )
    length = value(
        connection,
        "SELECT count FROM information_schema.innodb_metrics"
        " WHERE name = 'trx_rseg_history_len' AND status = 'enabled'",
    )
    if length is None:
        sample.unknown(["history_length"], "the counter trx_rseg_history_len is switched off")
    else:
        sample.figures["history_length"] = int(length)


def _lag(connection: Connection, sample: Sample) -> None:
    with connection.cursor(DictCursor) as cursor:
        try:
            cursor.execute("SHOW REPLICA STATUS")
        except pymysql.err.ProgrammingError:  # before 8.0.22
            cursor.execute("SHOW SLAVE STATUS")
        channels = list(cursor.fetchall())
    if not channels:
        sample.unknown(["replication_lag_s"], "the server is no replica")
        return
    lags = [one.get("Seconds_Behind_Source", one.get("Seconds_Behind_Master")) for one in channels]
    known = [int(lag) for lag in lags if lag is not None]
    if len(known) < len(lags):
        sample.unknown(["replication_lag_s"], "replication is stopped, or does not know")
    else:
        sample.figures["replication_lag_s"] = max(known)
