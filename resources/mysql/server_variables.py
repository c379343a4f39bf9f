"""How private servers are configured, and why."""

from __future__ import annotations

from collections.abc import Mapping

SCRATCH: Mapping[str, str] = {
    # Nothing here outlives the work it was started for, so nothing is paid for durability:
    # a power cut may break the copy, never the backup it came from.
    "innodb_flush_log_at_trx_commit": "0",
    "innodb_doublewrite": "OFF",
    "log_bin": "OFF",
    # 0.3 s of the start and 200 MB of memory. A server whose locks are to be watched asks for
    # ON, and so does the recipient of a clone: with OFF, clone_status stays empty.
    "performance_schema": "OFF",
    # The default of 100 MB is allocated and written at the first start.
    "innodb_redo_log_capacity": "64M",
    "innodb_buffer_pool_load_at_startup": "OFF",
    "innodb_buffer_pool_dump_at_shutdown": "OFF",
    # A copy of a production server carries its events and its replication channels: neither
    # may run here. Rows would change under the proof, or come in from elsewhere.
    "event_scheduler": "OFF",
    "skip_replica_start": "ON",
}
"""A throw-away server: proofs, replays, rehearsals."""

LASTING: Mapping[str, str] = {
    "innodb_flush_log_at_trx_commit": "1",
    "innodb_doublewrite": "ON",
    "log_bin": "ON",
    "sync_binlog": "1",
    "performance_schema": "ON",
    "innodb_redo_log_capacity": "100M",
    "event_scheduler": "ON",
}
"""What makes a private server behave as a production one: for the demo and the tests."""

BARE: Mapping[str, str] = {
    "innodb_log_buffer_size": "1M",
    "performance_schema": "ON",
    "performance_schema_instrument": "%=OFF",
    "performance_schema_digests_size": "0",
    "performance_schema_error_size": "0",
    "performance_schema_events_stages_history_long_size": "0",
    "performance_schema_events_statements_history_long_size": "0",
    "performance_schema_events_transactions_history_long_size": "0",
    "performance_schema_events_waits_history_long_size": "0",
    "performance_schema_max_memory_classes": "0",
    "performance_schema_max_mutex_classes": "0",
    "performance_schema_max_statement_classes": "0",
    "performance_schema_max_thread_instances": "40",
    "performance_schema_session_connect_attrs_size": "0",
}
"""For a server that is cloned to or read once: of performance_schema only clone_status is wanted, whose
instruments would cost a fifth of the reading time. 198 MB of memory after the start instead of 497."""

UNCACHED = "O_DIRECT_NO_FSYNC"
"""innodb_flush_method of a server on a copy: its files are as large as production's, and in the page
cache they would take the place of what production and the application have there. Memory that the
kernel has to find first costs time as well: a clone of 1.5 GB took 1.7 s so, 2 to 5 s with it."""


def merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """Later layers win; `log-bin` and `log_bin` are the same variable."""
    return {name.replace("-", "_"): value for layer in layers for name, value in layer.items()}


def as_arguments(variables: Mapping[str, str], version: tuple[int, int, int]) -> list[str]:
    """`--name=value` for each variable, in the spelling that this server version knows."""
    arguments: list[str] = []
    for name, value in variables.items():
        option = name.replace("_", "-")
        if name == "log_bin" and value.upper() in ("OFF", "0"):
            # --log-bin=OFF would switch the binary log on and call it "OFF".
            arguments.append("--skip-log-bin")
        elif name == "log_bin" and value.upper() in ("ON", "1"):
            arguments.append("--log-bin=binlog")
        elif name == "innodb_redo_log_capacity" and version < (8, 0, 30):
            continue
        elif name == "skip_replica_start" and version < (8, 0, 26):
            arguments.append(f"--skip-slave-start={value}")
        else:
            arguments.append(f"--{option}={value}")
    return arguments
