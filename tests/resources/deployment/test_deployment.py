"""Steps refuse when they are asked for alone."""

from __future__ import annotations

import pytest

from resources.deployment.deployment import Deployment
from resources.deployment.operations import newest_changed
from resources.errors import NothingToRollBackError, UsageError
from resources.mysql.connection import connect, rows


def test_migrations_are_not_applied_by_an_asset_materialised_alone(target, tmp_path):
    folder = target.migrations / "20260101000000_init"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "migration.sql").write_text("CREATE TABLE `a` (`id` INTEGER NOT NULL);\n")
    deployment = Deployment(target, purpose="change")
    try:
        deployment.check_history()
        with pytest.raises(UsageError) as refused:
            deployment.apply()
    finally:
        deployment.close()
    assert refused.value.hint == "dbsync deploy"
    with connect(target.endpoint, target.database) as connection:
        assert rows(connection, "SHOW TABLES") == []


def test_a_rollback_never_picks_a_deployment_that_changed_nothing(target):
    deployment = Deployment(target)
    journal = deployment.journal
    changed = journal.begin(target.name)
    journal.record(changed, "applying")
    journal.record(changed, "applied", applied_migrations=["1_a"])
    journal.record(changed, "released")
    for facts in ({"applied_migrations": []}, {}):
        nothing = journal.begin(target.name)
        journal.record(nothing, "applying")
        journal.record(nothing, "released" if facts else "failed", **facts)
    assert newest_changed(deployment).id == changed
    journal.record(changed, "rolled_back")
    with pytest.raises(NothingToRollBackError):
        newest_changed(deployment)
