"""Every limit of the health check, in one place, with where it comes from.

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

# --- application
GOOD_ANSWERS = 3
"""Consecutive; one good answer of a flapping application proves nothing."""
APPLICATION_SECONDS = 30.0
"""All attempts together; PM2 gives an application 3 s to listen by default, Next.js may take longer."""
REQUEST_SECONDS = 5.0
PAUSE_SECONDS = 0.5
WRONG_BODY_SECONDS = 3.0
"""An application that answers 2xx with the wrong body is up; a worker being replaced may answer so long."""
BODY_BYTES = 64 * 1024
"""How much of an answer is read."""

# --- machine
DISK_WARN_SHARE = 0.10
DISK_FAIL_BYTES = 256 * 1024 * 1024
"""Free space of the storage below which a server's redo log and binlog soon cannot be written."""
MEMORY_WARN_SHARE = 0.05
LOAD_WARN_PER_CPU = 4.0
"""5-minute load per CPU; sustained above this every request waits."""
