"""The figures of database, application and machine at one moment."""

import dagster as dg

from dbsync_assets.deployment_resource import project_target
from dbsync_assets.metrics_metadata import metrics_metadata
from resources.metrics.monitor import Monitor
from resources.metrics.publish import publish
from resources.metrics.store import opened_store


# Not with the deployment: to look takes no lock, and a release may be under way.
@dg.asset(
    group_name="observability",
    kinds={"mysql"},
    description="Figures of database, application and machine; the sensor `monitoring` reports them too.",
)
def metrics_snapshot() -> dg.MaterializeResult:
    target = project_target()
    with opened_store(target) as store:
        monitor = Monitor(target, store)
        try:
            look = monitor.look()
            publish(target, store, look)
        finally:
            monitor.close()
    return dg.MaterializeResult(metadata=metrics_metadata(target, look))
