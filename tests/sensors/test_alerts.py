"""The sensor `alerts`, ticked by Dagster."""

from __future__ import annotations

import json
import time

import dagster as dg
import pytest

from dbsync_assets.definitions import defs
from resources.notify.outbox import Outbox
from resources.settings import load_settings, target_of
from sensors.alerts import alerts
from tests.resources.notify.conftest import event
from tests.resources.notify.test_outbox import later
from tests.support.alert_services import Slack
from tests.support.receiver import answering, silent


@pytest.fixture
def slack():
    running = Slack()
    yield running
    running.close()


@pytest.fixture
def project(tmp_path, monkeypatch, slack):
    monkeypatch.setattr("resources.settings._taken", {})
    monkeypatch.setenv("DBSYNC_PROJECT", str(tmp_path))
    for name in ("DATABASE_URL", "NOTIFICATION_WEBHOOK", "NOTIFY_SLACK"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(
        "DATABASE_URL=mysql://app:pw-canary@127.0.0.1:1/shop\n"
        f"NOTIFY_SLACK={slack.url}\nNOTIFY_ALLOW_PRIVATE=127.0.0.1\n"
    )
    return tmp_path


def tick(cursor: str | None = None) -> dg.SensorResult:
    with dg.DagsterInstance.ephemeral() as instance:
        result = alerts(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(result, dg.SensorResult)
    return result


def said(result: dg.SensorResult) -> str:
    reason = result.skip_reason
    return str(reason.skip_message if isinstance(reason, dg.SkipReason) else reason)


def test_a_tick_delivers_what_waits_although_the_database_is_away(project, slack):
    target = target_of(load_settings(project))
    Outbox(target.storage).put(event(), ["slack"], 0)
    result = tick()
    assert any("deployment-0" in text for text in slack.taken)
    assert "2 delivered" in said(result), "and that there is no backup"
    assert result.run_requests in (None, []), "it starts no run"


def test_a_missing_backup_is_told_once_per_state_and_looked_at_every_ten_minutes(project, slack, monkeypatch):
    first = tick()
    assert len(slack.taken) == 1 and "no proven full backup" in slack.taken[0]
    assert slack.taken[0].endswith("Next: dbsync backup")
    assert "nothing to deliver" in said(tick(first.cursor))
    later(monkeypatch, 601)
    second = tick(first.cursor)
    assert "nothing to deliver" in said(second) and len(slack.taken) == 1
    assert json.loads(second.cursor or "")["looked"] == pytest.approx(time.time())
    tick("not a cursor")
    assert len(slack.taken) == 1, "a lost cursor repeats nothing"


def test_backups_that_are_well_again_are_told_where_trouble_was_told(project, slack, monkeypatch):
    fresh = event(kind="backup")
    monkeypatch.setattr(
        "sensors.alerts.freshness_event", lambda _: type(fresh)("backup", "b", "fresh", {}, "dbsync status")
    )
    tick(json.dumps({"backup": "fresh"}))
    tick(None)
    assert slack.taken == []
    tick(json.dumps({"backup": "stale"}))
    assert len(slack.taken) == 1 and "fresh" in slack.taken[0]


@pytest.mark.parametrize("answer", [silent, answering("500 no")], ids=["silent", "500"])
def test_a_tick_with_a_dead_channel_is_short_and_says_so(project, slack, answer):
    slack.always = answer
    target = target_of(load_settings(project))
    for number in range(5):
        Outbox(target.storage).put(event(number), ["slack"], 0)
    begun = time.monotonic()
    result = tick(json.dumps({"looked": time.time()}))
    assert time.monotonic() - begun < 8
    assert "not taken: slack" in said(result)
    assert sum(not one.is_final for one in Outbox(target.storage).waiting()) == 5


def test_without_a_channel_or_with_a_wrong_setting_a_tick_says_so_and_fails_not(project):
    (project / ".env").write_text("DATABASE_URL=mysql://app:pw-canary@127.0.0.1:1/shop\n")
    assert "no channel is set" in said(tick())
    (project / ".env").write_text("DATABASE_URL=mysql://a:b@h/d\nNOTIFY_RATE=canary\n")
    assert "NOTIFY_RATE" in said(tick("kept")) and tick("kept").cursor == "kept"


def test_the_sensor_is_defined_and_off_until_it_is_switched_on():
    found = {one.name: one for one in defs().sensors or ()}
    assert found["alerts"].default_status == dg.DefaultSensorStatus.STOPPED
