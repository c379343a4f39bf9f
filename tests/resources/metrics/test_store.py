"""The store: whole after kill -9, thinned, pruned, begun anew where it is damaged."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from resources import progress
from resources.metrics.policy import Monitoring
from resources.metrics.sample import Sample
from resources.metrics.store import Store, opened_store
from resources.mysql.endpoint import Endpoint
from resources.settings import CHECKOUT
from resources.target import Target
from tests.support.heard import Heard

DAY = 86400.0
NOW = 1_800_000_000.0


@pytest.fixture
def target(tmp_path):
    return Target(Endpoint("127.0.0.1", 1, "u", "p"), "shop", *(tmp_path / name for name in "mbst"))


def sample(at: float, load: float | None = 1.0) -> Sample:
    return Sample(at, figures={"load_1": load}, reasons={} if load is not None else {"load_1": "why"})


_WRITER = """
import sys, time
from pathlib import Path
from resources.metrics.sample import Sample
from resources.metrics.store import Store
from resources.mysql.endpoint import Endpoint
from resources.target import Target
place = Path(sys.argv[1])
endpoint = Endpoint("127.0.0.1", 1, "u", "p")
target = Target(endpoint, "shop", *(place / name for name in "mbst"))
store = Store(target)
number = 0
while True:
    number += 1
    store.add(Sample(float(number), figures={"load_1": float(number)}, texts={"x": "y" * 2000}))
    print(number, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_a_store_with_all_that_it_had_written(target, tmp_path):
    for attempt in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path)],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        least = [process.stdout.readline() for _ in range(50 + 31 * attempt)]
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].splitlines()
        said = int((rest or least)[-1])
        with opened_store(target) as store:
            newest = store.newest()
            assert newest and newest.at >= said
            assert [one.at for one in store.since(0)] == [float(n) for n in range(1, int(newest.at) + 1)]
            assert store._db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            store._db.execute("DELETE FROM sample")


def test_old_looks_become_means_and_older_ones_go(target):
    with opened_store(target) as store:
        for at, load in ((NOW - 15 * DAY, 9.0), (NOW - 2 * DAY, 1.0), (NOW - 2 * DAY + 15, 3.0)):
            store.add(sample(at, load))
        store.add(sample(NOW - 2 * DAY + 30, None))
        store.add(sample(NOW - 60))
        store.prune(NOW)
        assert store.series(["load_1"], 0) == [(NOW - 2 * DAY, 2.0), (NOW - 60, 1.0)]
        # Once: a mean is not averaged again, and not before ten minutes have passed.
        store.add(sample(NOW - 3 * DAY))
        store.prune(NOW + 599)
        assert store.count() == 3


def test_the_oldest_go_where_there_are_too_many(target):
    target = replace(target, monitoring=Monitoring(largest=400_000))
    with opened_store(target) as store:
        for number in range(1000):
            store.add(Sample(NOW + number, figures={"load_1": 1.0}, texts={"x": "y" * 1000}))
        store.prune(NOW + 1000)
        newest = store.newest()
        assert newest and newest.at == NOW + 999, "the newest stay"
        assert 100 < store.count() < 400
        assert store._bytes() <= 400_000


def test_a_damaged_store_is_set_aside_and_begun_anew(target):
    with opened_store(target) as store:
        store.add(sample(NOW))
        path = store.path
    path.write_bytes(b"this is no database" * 500)
    heard = Heard()
    with progress.watched_by(heard), opened_store(target) as store:
        assert store.newest() is None
        store.add(sample(NOW))
    assert any("begun anew" in text for text in heard.said)
    assert path.with_name("metrics.sqlite.damaged").is_file()


def test_the_store_is_this_user_s_alone(target):
    with opened_store(target) as store:
        store.add(sample(NOW))
        assert store.path.stat().st_mode & 0o077 == 0


def test_two_processes_at_once_lose_no_look(target):
    stores = [Store(target) for _ in range(2)]
    try:
        for number in range(50):
            stores[number % 2].add(sample(NOW + number))
        assert stores[0].count() == stores[1].count() == 50
        begun = time.monotonic()
        assert stores[0].due("page", 60, NOW) and not stores[1].due("page", 60, NOW + 59)
        assert stores[1].due("page", 60, NOW + 61) and time.monotonic() - begun < 5
    finally:
        for store in stores:
            store.close()
