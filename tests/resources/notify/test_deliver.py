"""Attempts, giving up, the next channel, the rate, and the time that all of it may take."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from resources.notify.announce import DEADLINE, announce
from resources.notify.channel_line import pause
from resources.notify.deliver import deliver_due
from resources.notify.outbox import Outbox
from resources.notify.pace import Pace
from tests.resources.notify.conftest import event
from tests.resources.notify.test_outbox import later
from tests.support.receiver import answering, dripping, silent

DOWN = answering("503 Service Unavailable")


def test_with_every_channel_silent_an_alert_takes_no_longer_than_its_deadline_and_the_next_no_time(
    service, told, receiver
):
    silent_ones = [service(name) for name in ("slack", "dingtalk", "feishu", "wecom")]
    for number, one in enumerate(silent_ones):
        one.always = dripping if number % 2 else silent
    target = told(*silent_ones, webhook=receiver(silent).url)
    begun = time.monotonic()
    done = announce(target, event(1))
    first = time.monotonic() - begun
    announce(target, event(2))
    announce(target, event(3, kind="decision"))
    whole = time.monotonic() - begun
    assert not any(one.ok for one in done) and {one.channel for one in done} >= {"webhook", "slack", "wecom"}
    assert first < DEADLINE + 0.5 and whole < 5.0
    assert len(Outbox(target.storage).waiting()) == 15, "five channels wait for three events each"


def test_a_channel_in_trouble_neither_delays_nor_hides_from_the_others(service, told):
    good, slow = service("slack"), service("wecom")
    slow.always = silent
    announce(told(good, slow), event(), seconds=0.5)
    assert len(good.taken) == 1


def test_attempts_come_further_and_further_apart_and_one_that_is_taken_is_the_last(
    service, told, monkeypatch
):
    there = service("slack")
    there.faults = [DOWN] * 3
    target = told(there)
    announce(target, event())
    for attempt in (1, 2, 3):
        later(monkeypatch, pause(attempt) - 1)
        assert deliver_due(target) == []
        later(monkeypatch, 2)
        assert len(deliver_due(target)) == 1
    assert len(there.requests) == 4 and len(there.taken) == 1
    assert [pause(number) for number in (1, 2, 3, 4, 5, 50)] == [30, 120, 480, 1920, 3600, 3600]


def test_a_service_that_asks_to_be_left_alone_is_left_alone(service, told, monkeypatch):
    there = service("slack")
    there.faults = [answering("429 Too Many Requests", b"", "Retry-After: 300")]
    target = told(there)
    announce(target, event())
    later(monkeypatch, 299)
    assert deliver_due(target) == []
    later(monkeypatch, 2)
    assert [one.ok for one in deliver_due(target)] == [True]


def test_a_message_that_one_service_never_takes_holds_up_no_other(service, told, monkeypatch):
    there = service("slack")
    target = told(there)
    there.faults = [answering("400 Bad Request", b"invalid_payload")] * 2
    announce(target, event(1))
    announce(target, event(2))
    assert there.taken == []
    there.faults = []
    Outbox(target.storage).put(event(3), ["slack"], 0)
    deliver_due(target)
    assert ["deployment-3" in text for text in there.taken] == [True]


def test_what_nobody_took_is_given_up_in_the_end_and_that_is_told_on_the_other_channel_once(
    service, told, monkeypatch
):
    good, bad = service("slack"), service("wecom")
    bad.always = DOWN
    target = told(good, bad, give_up=3600.0)
    announce(target, event(1))
    announce(target, event(2))
    assert len(good.taken) == 2
    for _ in range(12):
        later(monkeypatch, 1200)
        deliver_due(target)
    told_of = [text for text in good.taken if "given up" in text]
    assert len(told_of) == 1 and "alerts to wecom" in told_of[0] and "dbsync notify retry" in told_of[0]
    assert "deployment-1" in told_of[0] or "deployment-2" in told_of[0]
    outbox = Outbox(target.storage)
    given_up = [one for one in outbox.done() if one.progress == "given_up"]
    assert {one.channel for one in given_up} == {"wecom"} and len(given_up) >= 2


def test_the_next_channel_is_tried_when_those_that_want_the_event_fail(service, told):
    wanting, other = service("slack"), service("wecom")
    wanting.always = DOWN
    target = told(wanting, other, events={"wecom": frozenset({"backup"})})
    done = announce(target, event(kind="rollback_incomplete"))
    assert [(one.channel, one.ok) for one in done] == [("slack", False), ("wecom", True)]
    assert len(other.taken) == 1 and "[URGENT]" in other.taken[0]
    wanting.always = None
    assert Outbox(target.storage).again() == 1
    deliver_due(target)
    assert len(wanting.taken) == 1 and len(other.taken) == 1, "and its own channel gets it, too"


def test_good_news_go_to_no_channel_that_does_not_want_them(service, told):
    wanting, other = service("slack"), service("wecom")
    wanting.always = DOWN
    announce(told(wanting, other, events={"wecom": frozenset()}), event(kind="success"))
    assert other.requests == []


def test_the_watchdog_is_the_next_channel_where_one_is_named(service, told):
    slack, wecom, feishu = service("slack"), service("wecom"), service("feishu")
    slack.always = DOWN
    nothing = frozenset()
    target = told(slack, wecom, feishu, events={"wecom": nothing, "feishu": nothing}, watchdog="feishu")
    announce(target, event())
    assert len(feishu.taken) == 1 and wecom.requests == []


def test_each_channel_is_told_of_what_it_wants(service, told):
    slack, wecom = service("slack"), service("wecom")
    target = told(slack, wecom, events={"slack": frozenset({"failure", "decision"}), "wecom": frozenset()})
    for kind in ("success", "failure", "drift", "decision"):
        announce(target, event(kind=kind))
    assert len(slack.taken) == 2 and wecom.requests == []


def test_a_flood_is_held_back_and_summed_up_and_what_needs_a_person_is_not(service, told, monkeypatch):
    there = service("slack")
    target = told(there, rate=(3, 600.0))
    for number in range(10):
        announce(target, event(number))
    assert len(there.taken) == 3
    announce(target, event(kind="decision"))
    assert len(there.taken) == 4 and "decide" in there.taken[-1]
    assert deliver_due(target) == []
    later(monkeypatch, 201)
    assert [one.ok for one in deliver_due(target)] == [True]
    summary = there.taken[-1]
    assert "7 more alerts" in summary and "deployment-9" in summary and len(there.taken) == 5
    assert Outbox(target.storage).waiting() == []
    later(monkeypatch, 86400)
    assert deliver_due(target) == [] and len(there.taken) == 5


def test_a_summary_that_is_not_taken_loses_none_of_what_it_stands_for(service, told, monkeypatch):
    there = service("slack")
    target = told(there, rate=(1, 60.0))
    for number in range(4):
        announce(target, event(number))
    there.faults = [DOWN]
    later(monkeypatch, 61)
    assert [one.ok for one in deliver_due(target)] == [False]
    assert [one.progress for one in Outbox(target.storage).waiting()] == ["held"] * 3
    later(monkeypatch, pause(1) + 1)
    assert [one.ok for one in deliver_due(target)] == [True]
    assert "3 more alerts" in there.taken[-1] and Outbox(target.storage).waiting() == []


def test_a_program_that_receives_json_gets_every_event_whatever_the_rate(told, receiver):
    there = receiver(answering("200 OK"))
    target = told(webhook=there.url, rate=(1, 3600.0))
    for number in range(5):
        announce(target, event(number))
    assert len(there.requests) == 5


def test_one_message_that_was_held_goes_as_itself(service, told, monkeypatch):
    there = service("slack")
    target = told(there, rate=(1, 60.0))
    announce(target, event(1))
    announce(target, event(2))
    later(monkeypatch, 61)
    deliver_due(target)
    assert "deployment-2" in there.taken[-1] and "more alerts" not in there.taken[-1]


def test_what_waits_for_a_channel_that_is_set_no_longer_is_given_up_and_goes_to_the_next(
    service, told, monkeypatch
):
    old, new = service("slack"), service("wecom")
    old.always = DOWN
    target = told(old)
    announce(target, event())
    moved = replace(target, notify=replace(told(new).notify))
    deliver_due(moved)
    assert len(new.taken) == 1
    assert Outbox(target.storage).waiting() == []


@pytest.mark.parametrize("ahead", [-10_000.0, 0.0, 10_000.0])
def test_the_pace_counts_what_was_sent_within_the_window_and_nothing_from_the_future(ahead):
    now = 1_000_000.0
    pace = Pace((2, 600.0), {"sent": [now + ahead, now + ahead - 1], "summary_at": now + ahead}, now)
    assert pace.is_full == (ahead == 0.0)
    assert now < pace.next_summary <= now + 300
