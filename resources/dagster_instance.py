"""The Dagster instance that dbsync ships: its dagster.yaml, written into DAGSTER_HOME and kept up to date."""

from __future__ import annotations

from pathlib import Path

from resources.durable_file import write_durably

MARK = "# Written by dbsync and replaced by it. To keep a file of your own, remove this line.\n"
TARGET_TAG = "dbsync/target"
"""Of every run that changes a database; its value names that database."""
_FIRST = "telemetry:\n  enabled: false\nnux:\n  enabled: false\ncompute_logs:"
"""How the file began that dbsync wrote before it marked it."""


def write_instance(home: Path, max_runtime: float) -> None:
    """Write dagster.yaml, unless a person's own is there. `max_runtime`: seconds."""
    config = home / "dagster.yaml"
    text = MARK + _TEXT.format(max_runtime=int(max_runtime), tag=TARGET_TAG)
    if config.exists():
        found = config.read_text(encoding="utf-8", errors="replace")
        if found == text or not found.startswith((MARK, _FIRST)):
            return
    write_durably(config, text.encode())


_TEXT = """\
telemetry:
  enabled: false
nux:  # no dialog that asks for an e-mail address
  enabled: false
# Dagster would start two `tail` a step to copy our output; a killed run leaves them running.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
run_monitoring:
  enabled: true
  poll_interval_seconds: 5
  start_timeout_seconds: 180
  cancel_timeout_seconds: 3600  # a cancelled deployment rolls back first
  max_runtime_seconds: {max_runtime}
  free_slots_after_run_end_seconds: 60
run_queue:
  dequeue_interval_seconds: 1
# One run at a time for each database; the rest waits. The lock in MySQL is what guarantees it.
concurrency:
  runs:
    max_concurrent_runs: 10
    tag_concurrency_limits:
      - key: {tag}
        value:
          applyLimitPerUniqueValue: true
        limit: 1
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 2
      failure: 30
      success: 90
"""
