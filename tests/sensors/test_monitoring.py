"""The sensor looks in its tick, shows Dagster a point now and then, and lets a running monitor look."""

from __future__ import annotations

from urllib.parse import quote

import dagster as dg
import pytest

import sensors.monitoring as monitoring
from resources.log.start import start_log
from resources.metrics.store import Store
from resources.progress import circumstances
from resources.settings import load_settings, target_of


@pytest.fixture
def project(server, database, tmp_path, monkeypatch):
    endpoint = server.tcp_endpoint
    url = f"mysql://{endpoint.user}:{quote(endpoint.password, safe='')}@127.0.0.1:{endpoint.port}/{database}"
    (tmp_path / ".env").write_text(f"DATABASE_URL={url}\nMONITOR_INTERVAL=1s\nMONITOR_SNAPSHOT=1h\n")
    monkeypatch.setenv("DBSYNC_PROJECT", str(tmp_path))
    yield tmp_path
    if monitoring._kept:
        monitoring._kept[1].close()
        monitoring._kept[1].store.close()
        monitoring._kept = None
    start_log(None, "")
    circumstances.command = ""


def _tick(instance) -> dg.SensorResult:
    result = monitoring._tick(dg.build_sensor_context(instance=instance))
    assert isinstance(result, dg.SensorResult)
    return result


def test_a_tick_looks_once_an_interval_and_materialises_now_and_then(project):
    store = Store(target_of(load_settings(project)))
    with dg.instance_for_test() as instance:
        first, second = _tick(instance), _tick(instance)
        assert store.count() == 1, "the second found a look that was young enough"
        (event,) = first.asset_events
        assert isinstance(event, dg.AssetMaterialization) and not second.asset_events
        assert event.metadata["threads_connected"].value >= 1  # type: ignore[operator]
        assert event.metadata["level"].value == "OK"
        assert str(first.skip_reason.skip_message).startswith("OK")  # type: ignore[union-attr]
        assert (project / ".dbsync" / "metrics" / "status.html").is_file()
        store._db.execute("UPDATE sample SET at = at - 10, look = json_set(look, '$.at', at - 10)")
        _tick(instance)
        assert store.count() == 2
    store.close()


def test_the_asset_looks_and_its_figures_are_numbers_that_dagster_plots(project):
    from dbsync_assets.assets.metrics_snapshot import metrics_snapshot

    with dg.instance_for_test() as instance:
        done = dg.materialize([metrics_snapshot], instance=instance)
        (event,) = done.get_asset_materialization_events()
    metadata = event.materialization.metadata
    assert isinstance(metadata["load_1"], dg.FloatMetadataValue)
    assert "queries_per_s" not in metadata, "what is not known is no point of a plot"
