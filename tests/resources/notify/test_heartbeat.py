"""Silence is visible: a failing channel, a sensor that does not run, a dead man's switch."""

from __future__ import annotations

import time

from resources.notify.announce import announce
from resources.notify.deliver import deliver_due
from resources.notify.heartbeat import beat, failing_channels, last_beat, tell_of_silence
from tests.resources.notify.conftest import event
from tests.resources.notify.test_outbox import later
from tests.support.receiver import answering

DOWN = answering("503 Service Unavailable")


def test_a_heartbeat_comes_once_an_interval_and_says_what_to_type(service, told, monkeypatch):
    there = service("slack")
    target = told(there, heartbeat=86400.0)
    beat(target)
    beat(target)
    assert len(there.taken) == 1 and "alive at" in there.taken[0]
    assert there.taken[0].endswith("Next: dbsync status")
    for _ in range(3):
        later(monkeypatch, 28800)
        beat(target)
    assert len(there.taken) == 2


def test_a_channel_that_fails_for_ten_minutes_is_told_of_on_the_watchdog_and_no_heartbeat_says_all_is_well(
    service, told, receiver, monkeypatch
):
    slack, wecom, feishu = service("slack"), service("wecom"), service("feishu")
    switch = receiver(answering("200 OK"))
    slack.always = DOWN
    quiet = {"wecom": frozenset(), "feishu": frozenset()}
    target = told(
        slack, wecom, feishu, events=quiet, watchdog="feishu", heartbeat=3600.0, heartbeat_url=switch.url
    )
    announce(target, event(kind="success"))
    later(monkeypatch, 660)
    deliver_due(target)
    assert [one.channel for one in failing_channels(target)] == ["slack"]
    beat(target)
    beat(target)
    assert switch.requests == [], "the switch is not held down while alerts cannot be delivered"
    assert len(feishu.taken) == 1 and wecom.requests == []
    assert "alerts to slack" in feishu.taken[0] and "failing" in feishu.taken[0]
    assert "503" in feishu.taken[0] and feishu.taken[0].endswith("Next: dbsync notify test")
    slack.always = None
    later(monkeypatch, 3600)
    deliver_due(target)
    beat(target)
    assert failing_channels(target) == [] and len(switch.requests) == 1


def test_the_switch_is_asked_once_a_minute_by_get_without_a_body(told, receiver, monkeypatch):
    switch = receiver(answering("200 OK", b"OK"))
    target = told(heartbeat_url=switch.url)
    for _ in range(6):
        beat(target)
        later(monkeypatch, 20)
    assert len(switch.requests) == 2
    assert switch.requests[0].startswith(b"GET /hook/canary-token?k=1 HTTP/1.1\r\n")
    assert switch.requests[0].endswith(b"\r\n\r\n")


def test_a_switch_that_cannot_be_reached_is_told_once(service, told):
    there = service("slack")
    target = told(there, heartbeat_url="http://127.0.0.1:9/canary-token")
    beat(target)
    beat(target)
    assert len(there.taken) == 1 and "NOTIFY_HEARTBEAT_URL" in there.taken[0]
    assert "canary-token" not in there.taken[0]


def test_a_sensor_that_was_silent_is_told_of_when_it_ticks_again(service, told, monkeypatch):
    slack, feishu = service("slack"), service("feishu")
    target = told(slack, feishu, events={"feishu": frozenset()}, watchdog="feishu", heartbeat=3600.0)
    beat(target)
    later(monkeypatch, 3000)
    beat(target)
    assert feishu.taken == []
    later(monkeypatch, 7200)
    beat(target)
    assert len(feishu.taken) == 1 and "was silent" in feishu.taken[0]


def test_silence_is_told_to_the_watchdog_by_whoever_notices_it(service, told):
    slack, feishu = service("slack"), service("feishu")
    target = told(slack, feishu, watchdog="feishu")
    assert last_beat(target).ticked == 0 and last_beat(target).silence == 0
    beat(target)
    found = last_beat(target)
    assert 0 <= time.time() - found.ticked < 5
    assert [one.channel for one in tell_of_silence(target, found)] == ["feishu"]
    assert tell_of_silence(target, found) == [], "once within the interval"
