"""PM2 is asked seldom, its processes are looked at always; what is not known is not "none down"."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from resources.metrics import pm2
from resources.metrics.rates import add_rates, stamp
from resources.metrics.sample import Sample, read_sample


@dataclass
class Asked:
    """What PM2 would list: the one thing here that is not real."""

    processes: list = field(default_factory=list)
    unknown: str | None = None
    times: int = 0


@pytest.fixture
def asked(monkeypatch) -> Asked:
    listing = Asked()

    def ask(target):
        listing.times += 1
        return listing

    monkeypatch.setattr(pm2, "_listing", ask)
    return listing


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def look(at: float, previous: Sample | None) -> Sample:
    sample = Sample(at)
    stamp(sample)
    pm2.look_at_pm2(SimpleNamespace(app="set"), sample, previous)  # type: ignore[arg-type]
    add_rates(sample, previous)
    return read_sample(sample.as_json())


def listed(process, status="online", restarts=0):
    return SimpleNamespace(pid=process.pid, status=status, restarts=restarts)


def test_pm2_is_asked_every_five_minutes_and_its_processes_are_looked_at_each_time(asked, child):
    asked.processes = [listed(child, restarts=4)]
    first = look(1000.0, None)
    looks = [first]
    for number in range(1, 20):
        looks.append(look(1000.0 + 15 * number, looks[-1]))
    assert asked.times == 1
    assert looks[-1].figures["pm2_processes"] == 1 and looks[-1].figures["pm2_down"] == 0
    assert looks[-1].figures["pm2_restarts"] == 0
    assert looks[-1].figures["pm2_memory_bytes"] and looks[-1].figures["pm2_cpu_percent"] is not None
    look(1300.0, looks[-1])
    assert asked.times == 2


def test_a_process_that_is_gone_is_down_at_once_and_pm2_is_asked_a_minute_after_the_last_time(asked, child):
    asked.processes = [listed(child)]
    first = look(1000.0, None)
    child.kill()
    child.wait()
    second = look(1015.0, first)
    assert (second.figures["pm2_down"], asked.times) == (1, 1)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        asked.processes = [listed(other, restarts=1)]
        third = look(1060.0, second)
        assert (third.figures["pm2_down"], third.figures["pm2_restarts"], asked.times) == (0, 1, 2)
    finally:
        other.kill()
        other.communicate()


def test_a_pm2_that_does_not_answer_is_unknown_and_one_that_knows_no_application_has_it_down(asked):
    asked.unknown = "no PM2 daemon runs"
    first = look(1000.0, None)
    assert first.figures["pm2_down"] is None and first.reasons["pm2_down"] == "no PM2 daemon runs"
    second = look(1015.0, first)
    assert second.reasons["pm2_down"] == "no PM2 daemon runs" and asked.times == 1
    asked.unknown = None
    assert look(1060.0, second).figures["pm2_down"] == 1
