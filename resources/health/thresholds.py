"""Every limit of the health check and the monitoring, in one place, with where it comes from.

"fail" makes a deployment roll back, so only what makes the application fail is
one; the rest is a warning.
"""

from __future__ import annotations

# --- database
LATENCY_WARN_MS = 250.0
"""A local round trip takes below 1 ms, one across regions about 100–200 ms."""
CONNECTIONS_WARN_SHARE = 0.80
CONNECTIONS_FAIL_SHARE = 0.97
"""MySQL keeps one connection beyond max_connections for an administrator; new logins of others fail there."""
TRANSACTION_WARN_SECONDS = 300.0
"""Longer ones hold back purge and make the next DDL wait (lock_wait_timeout of a migration is 30 s)."""
LOCK_WAITS_WARN = 10
"""Sessions waiting for a row or table lock at one moment; a healthy OLTP server has none or one."""
LOCK_QUEUE_WARN_SECONDS = 0.0
"""Monitoring names every queue behind a metadata lock that is there at two looks."""
LOCK_QUEUE_FAIL_SECONDS = 60.0
"""Every query on the table has waited for so long: its users see nothing but time-outs."""
REFUSED_FAIL = 10
"""Logins within one interval that the server refused for want of a connection."""
SLOW_QUERIES_WARN_PER_SECOND = 1.0
"""Slow by the server's long_query_time, 10 s by default."""
HISTORY_WARN = 1_000_000
"""Undo records that purge has not reached; beyond, reads of old versions become slow."""
BUFFER_POOL_WARN_SHARE = 0.95
BUFFER_POOL_LEAST_READS = 1000.0
"""Read requests a second from which the share means something."""
REPLICATION_LAG_WARN_SECONDS = 60.0
DATADIR_WARN_BYTES = 2 * 1024 * 1024 * 1024
AUTO_INCREMENT_WARN_SHARE = 0.80
"""As the data rule `auto_increment` warns, which also fails a release at 95 %."""
ROW_VERSIONS_WARN_SHARE = 0.80
"""At the end every ALTER … ALGORITHM=INSTANT fails or rebuilds the table, which takes hours."""

# --- application
ANSWERS_WARN_SHARE = 0.10
ANSWERS_FAIL_SHARE = 0.50
"""Of the answers within the window: the critical-error threshold of a release."""
ANSWER_WARN_MS = 2000.0
GOOD_ANSWERS = 3
"""Consecutive; one good answer of a flapping application proves nothing."""
APPLICATION_SECONDS = 30.0
"""Default of HEALTH_TIMEOUT; PM2 gives an application 3 s to listen by default, Next.js may take longer."""
REQUEST_SECONDS = 5.0
PAUSE_SECONDS = 0.5
WRONG_BODY_SECONDS = 3.0
"""An application that answers 2xx with the wrong body is up; a worker being replaced may answer so long."""

# --- machine
DISK_WARN_SHARE = 0.10
DISK_FAIL_BYTES = 256 * 1024 * 1024
"""Free space of the storage below which a server's redo log and binlog soon cannot be written."""
MEMORY_WARN_SHARE = 0.05
LOAD_WARN_PER_CPU = 4.0
"""5-minute load per CPU; sustained above this every request waits."""
CLOCK_OFFSET_WARN_SECONDS = 2.0
"""Between this machine and the database server: times of backups and of rows are compared."""
CLOCK_JUMP_WARN_SECONDS = 2.0
"""Between two looks, against the clock that only runs forward."""
