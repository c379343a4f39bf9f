"""The instance that is shipped: Dagster takes it, and a person's own file stays."""

from __future__ import annotations

import dagster as dg
import pytest
import yaml

from resources.dagster_instance import MARK, write_instance


def test_dagster_takes_the_shipped_file_one_run_per_database_and_a_longest_runtime(tmp_path):
    write_instance(tmp_path, 3600)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled and instance.run_monitoring_max_runtime_seconds == 3600
        limits = instance.get_concurrency_config().run_queue_config
        assert limits and limits.tag_concurrency_limits[0]["key"] == "dbsync/target"
        assert limits.tag_concurrency_limits[0]["value"] == {"applyLimitPerUniqueValue": True}
        assert not instance.telemetry_enabled


@pytest.mark.parametrize("own", ["telemetry:\n  enabled: true\n", "", "# mine\n" + MARK])
def test_a_persons_own_file_stays_as_it_is(tmp_path, own):
    (tmp_path / "dagster.yaml").write_text(own)
    write_instance(tmp_path, 60)
    assert (tmp_path / "dagster.yaml").read_text() == own


def test_what_dbsync_wrote_before_is_brought_up_to_date(tmp_path):
    write_instance(tmp_path, 60)
    write_instance(tmp_path, 120)
    found = yaml.safe_load((tmp_path / "dagster.yaml").read_text())
    assert found["run_monitoring"]["max_runtime_seconds"] == 120
    first = "telemetry:\n  enabled: false\nnux:\n  enabled: false\ncompute_logs:\n  module: x\n"
    (tmp_path / "dagster.yaml").write_text(first)
    write_instance(tmp_path, 60)
    assert (tmp_path / "dagster.yaml").read_text().startswith(MARK)
