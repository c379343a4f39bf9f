"""The outbox: nothing is lost, whoever is killed when; nothing comes twice, whoever else delivers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.errors import DiskFullError
from resources.notify.announce import announce
from resources.notify.channel_line import pause
from resources.notify.deliver import deliver_due
from resources.notify.outbox import KEPT, Outbox
from tests.resources.notify.conftest import event
from tests.support import teller
from tests.support.project import kill
from tests.support.receiver import answering, silent


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def later(monkeypatch, seconds: float) -> None:
    moment = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: moment)


def test_killed_between_writing_and_sending_the_message_is_delivered_once(service, told, monkeypatch):
    there = service("slack")
    target = told(there)
    outbox = Outbox(target.storage)
    with outbox.channel_lock("slack", 1) as held:
        assert held
        process = teller.start("announce", target.storage, there.url)
        wait_for(lambda: list((outbox.folder / "events").glob("[!.]*.json")))
        kill(process)
    assert there.requests == []
    assert [one.ok for one in deliver_due(target)] == [True]
    assert len(there.taken) == 1
    later(monkeypatch, 86400)
    assert deliver_due(target) == [] and len(there.requests) == 1


def test_killed_between_sending_and_noting_the_message_comes_again_later_under_the_same_id(
    service, told, monkeypatch
):
    there = service("slack")
    there.always = silent
    target = told(there)
    process = teller.start("announce", target.storage, there.url)
    wait_for(lambda: there.requests)
    kill(process)
    there.always = None
    assert deliver_due(target) == [], "whoever sent it may still be at it"
    later(monkeypatch, 61)
    assert [one.ok for one in deliver_due(target)] == [True]
    (identity,) = (path.stem for path in (target.storage / "outbox" / "done").glob("*.json"))
    assert len(there.requests) == 2 and all(identity.encode() in one for one in there.requests)


def test_three_deliverers_at_once_send_each_message_once(service, told):
    there = service("slack")
    target = told(there)
    for number in range(30):
        Outbox(target.storage).put(event(number), ["slack"], 0)
    processes = [teller.start("deliver", target.storage, there.url) for _ in range(3)]
    counts = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(counts) == 30 and len(there.taken) == 30
    assert len({text.split("id: ")[1].split(" ")[0] for text in there.taken}) == 30
    assert Outbox(target.storage).waiting() == []


def test_the_same_state_is_told_once_within_the_interval_and_another_state_at_once(
    service, told, monkeypatch
):
    there = service("slack")
    target = told(there, repeat=3600.0)
    assert len(announce(target, event(1))) == 1
    assert announce(target, event(1)) == [], "the same again"
    assert len(announce(target, event(2))) == 1, "of another deployment"
    ended = event(1, kind="rollback")
    assert len(announce(target, ended)) == 1
    later(monkeypatch, 3601)
    assert len(announce(target, event(1))) == 1, "the interval is over"
    assert len(there.taken) == 4


def test_a_state_that_comes_back_is_told_so_that_the_last_message_is_true(service, told):
    from dataclasses import replace

    there = service("slack")
    target = told(there)
    for state in ("CRITICAL", "OK", "CRITICAL", "CRITICAL"):
        announce(target, replace(event(kind="monitoring"), state=state))
    states = [text.split("state: ")[1].split("\n")[0] for text in there.taken]
    assert states == ["CRITICAL", "OK", "CRITICAL"]


def test_a_clock_that_was_set_back_neither_silences_nor_holds_anything(service, told, monkeypatch):
    there = service("slack")
    there.faults.append(answering("500 no"))
    target = told(there)
    announce(target, event(1))
    later(monkeypatch, -86400)
    assert [one.ok for one in deliver_due(target)] == [True], "its next attempt lay a day ahead"
    assert len(announce(target, event(1))) == 1, "told in the future is not told yet"


def test_what_was_told_is_still_known_when_it_is_done_and_forgotten_after_a_week(service, told, monkeypatch):
    target = told(service("slack"))
    announce(target, event(1))
    done = target.storage / "outbox" / "done"
    assert len(list(done.glob("*.json"))) == 1
    deliver_due(target)
    assert len(list(done.glob("*.json"))) == 1
    later(monkeypatch, KEPT + 60)
    deliver_due(target)
    assert list(done.glob("*.json")) == []


def test_a_file_torn_by_a_power_cut_stops_nothing_else(service, told):
    there = service("slack")
    target = told(there)
    outbox = Outbox(target.storage)
    outbox.put(event(1), ["slack"], 0)
    (outbox.folder / "events" / "20260101T000000.000Z-aa-bb-cc.json").write_bytes(b'{"id": "2026')
    (outbox.folder / "events" / "noise.json").write_bytes(b"[]")
    (outbox.folder / "channels" / "slack.json").write_bytes(b"\x00\xff")
    assert [one.ok for one in deliver_due(target)] == [True]


def test_a_full_disk_is_an_error_of_put_and_no_error_of_announce(service, told, monkeypatch, tmp_path):
    there = service("slack")
    target = told(there)

    def full(path: Path, data: bytes, **_: object) -> None:
        raise DiskFullError(f"disk full: {path}")

    monkeypatch.setattr("resources.notify.outbox.write_durably", full)
    with pytest.raises(DiskFullError):
        Outbox(target.storage).put(event(), ["slack"], 0)
    (delivery,) = announce(target, event())
    assert delivery.ok and len(there.taken) == 1


def test_again_brings_back_what_was_given_up_and_not_what_was_delivered(service, told, monkeypatch):
    good, bad = service("slack"), service("wecom")
    bad.always = answering("500 no")
    target = told(good, bad, give_up=1.0)
    announce(target, event())
    later(monkeypatch, pause(1) + 1)
    deliver_due(target)
    outbox = Outbox(target.storage)
    assert {one.channel: one.progress for one in outbox.done() if one.event.kind == "failure"} == {
        "slack": "delivered",
        "wecom": "given_up",
    }
    bad.always = None
    sent = len(good.taken)
    assert outbox.again() == 2, "it, and the word to the other channel that it was given up"
    deliver_due(target)
    assert len(bad.taken) == 1 and "deployment-0" in bad.taken[0]
    assert len(good.taken) == sent + 1 and "given up" in good.taken[-1]


def test_killed_after_the_last_delivery_and_before_it_was_filed_nothing_is_sent_again(service, told):
    there = service("slack")
    target = told(there)
    outbox = Outbox(target.storage)
    identity = outbox.put(event(), ["slack"], 0)
    state = outbox.folder / "states" / f"{identity}.slack.json"
    state.write_text('{"progress": "delivered", "attempts": 1, "next_at": 0, "detail": "ok"}')
    assert deliver_due(target) == [] and there.requests == []
    assert outbox.waiting() == [] and [one.progress for one in outbox.done()] == ["delivered"]


def test_asking_again_while_another_process_sends_makes_nothing_come_twice(service, told):
    there = service("slack")
    target = told(there)
    for number in range(20):
        Outbox(target.storage).put(event(number), ["slack"], 0)
    process = teller.start("deliver", target.storage, there.url)
    wait_for(lambda: there.taken)
    for _ in range(5):
        Outbox(target.storage).again()
        deliver_due(target, seconds=0.2)
    process.communicate(timeout=60)
    deliver_due(target)
    assert len({text.split("id: ")[1].split(" ")[0] for text in there.taken}) == len(there.taken) == 20
