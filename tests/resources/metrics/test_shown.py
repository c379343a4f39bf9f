"""What the monitoring knows, as a page, as text for Prometheus, over HTTP: inert, whole, loopback only."""

from __future__ import annotations

import http.client
import re
import threading
import time
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from resources.errors import UsageError
from resources.journal import Journal
from resources.metrics.conditions import Condition
from resources.metrics.endpoint import serve
from resources.metrics.figures import FIGURES
from resources.metrics.monitor import last_look
from resources.metrics.page import render_page
from resources.metrics.plot import plot
from resources.metrics.prometheus import prometheus_text, write_textfile
from resources.metrics.sample import Sample
from resources.metrics.store import opened_store
from resources.mysql.endpoint import Endpoint
from resources.redact import remember
from resources.target import Target

EVIL = "<script>alert(1)</script>\"'\u202e\x1b[2J canary-in-page"


@pytest.fixture
def target(tmp_path) -> Target:
    remember("canary-in-page")
    endpoint = Endpoint("127.0.0.1", 1, "u", "p")
    return Target(endpoint, "shop<b>", *(tmp_path / name for name in "mbst"))


@pytest.fixture
def store(target):
    now = time.time()
    with opened_store(target) as opened:
        for number in range(60):
            figures: dict[str, float | None] = {"reachable": 1, "threads_connected": 10 + number % 7}
            figures["load_1"] = None if 20 < number < 30 else number / 10
            opened.add(
                Sample(
                    now - 15 * (59 - number),
                    figures=figures,
                    texts={"auto_increment_of": EVIL},
                    reasons={"replication_lag_s": EVIL},
                )
            )
        opened.replace_conditions(
            [
                Condition(f"lock_queue {EVIL}", "database", "CRITICAL", now, EVIL, told="CRITICAL"),
                Condition("load", "system", "WARN", now, "load 5 per CPU", told="WARN"),
            ]
        )
        journal = Journal(target.storage)
        identity = journal.begin(target.name, commit="c" * 40)
        journal.record(identity, "released", applied_migrations=[EVIL])
        identity = journal.begin(target.name)
        journal.record(identity, "failed", reason=EVIL)
        yield opened


def test_the_page_has_plots_conditions_and_releases_and_nothing_in_it_is_active(target, store):
    page = render_page(target, store)
    assert "<script" not in page and "canary-in-page" not in page
    assert "\x1b" not in page and "\u202e" not in page
    assert "default-src 'none'" in page and not re.search(r"(?:src|href)=|url\(|@import|\son\w+=", page)
    assert page.count('<svg viewBox="0 0') == 2, "of the figures that are known"
    assert page.count("<polyline") == 3, "a gap is a gap"
    assert "&lt;script&gt;" in page and "shop&lt;b&gt;" in page
    assert page.index("CRITICAL</h1>") < page.index("The last releases") < page.index("Figures")
    assert ">released<" in page and ">failed<" in page and "c" * 12 in page
    assert len(page) < 60_000


def test_an_old_look_does_not_pass_for_the_present(target, store):
    store.replace_conditions([])
    assert "OK</h1>" in render_page(target, store)
    old = replace(target, monitoring=replace(target.monitoring, interval=0.0001))
    assert "OK, when it was last looked at</h1>" in render_page(old, store)


def test_prometheus_reads_back_what_is_known_and_finds_nothing_of_what_is_not(target, store):
    look = last_look(target, store)
    assert look
    text = prometheus_text(target, look).decode()
    assert "canary-in-page" not in text
    found = {one.name: one for family in text_string_to_metric_families(text) for one in family.samples}
    assert found["dbsync_threads_connected"].value == look.figures["threads_connected"]
    assert found["dbsync_threads_connected"].labels == {"target": target.name}
    assert found["dbsync_level"].value == 2
    assert "dbsync_replication_lag_s" not in found
    conditions = [line for line in text.splitlines() if line.startswith("dbsync_condition{")]
    assert len(conditions) == 2 and conditions[1].endswith(" 1.0")
    path = write_textfile(target, look)
    assert path.read_bytes() == prometheus_text(target, look)
    assert [one.name for one in path.parent.iterdir() if "partial" in one.name] == []


def test_the_endpoint_is_this_machine_s_alone_and_answers_no_other_name(target, store):
    for address in ("0.0.0.0:9108", "10.1.2.3:1", "example.com:80", "127.0.0.1", "127.0.0.1:x"):
        with pytest.raises(UsageError):
            serve(target, address)
    endpoint = serve(target, "127.0.0.1:0")
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    port = endpoint.server_address[1]
    try:

        def get(path: str, host: str = "localhost") -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read()

        assert get("/metrics")[1].startswith(b"# HELP dbsync_reachable")
        assert get("/", f"127.0.0.1:{port}")[1].startswith(b"<!doctype html>")
        assert get("/../etc/passwd")[0] == 404
        assert get("/metrics", "evil.example:80") == (403, b"only for this machine\n")
    finally:
        endpoint.shutdown()
        endpoint.server_close()


def test_a_peak_is_drawn_however_many_looks_there_are():
    series: list[tuple[float, float | None]] = [(float(n), 0.0) for n in range(5000)]
    series[2500] = (2500.0, 7.0)
    drawn = plot(FIGURES["load_1"], series)
    assert "0 to 7" in drawn and ",6.0" in drawn, "at the top"
    assert len(drawn) < 5000
    assert plot(FIGURES["load_1"], [(1.0, 2.0)]) == ""
