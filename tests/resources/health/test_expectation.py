from __future__ import annotations

import time

import pytest

from resources.health.application import check_application
from resources.health.expectation import unexpected
from tests.resources.health.conftest import http

BODY = b'{"status": "ok", "build": {"commit": "abc", "number": 7}, "nodes": [{"up": true}]}'


@pytest.mark.parametrize(
    "expect", ["ok", "$.status=ok", "$.build.commit=abc", "$.build.number=7", "$.nodes.0.up=true"]
)
def test_what_is_in_the_body_is_found(expect):
    assert unexpected(BODY, expect) is None


@pytest.mark.parametrize("expect", ["missing", "$.status=no", "$.build.none=1", "$.status.deeper=1"])
def test_what_is_not_in_the_body_is_named(expect):
    assert unexpected(BODY, expect)
    assert unexpected(b"<h1>Error</h1>", expect)


def test_an_error_page_that_answers_200_is_unhealthy_and_not_waited_for_long(site):
    begun = time.monotonic()
    page = site(http(200, "<h1>Something went wrong</h1>"))
    _, problems = check_application(page.url, seconds=60, pause=0.05, expect="$.status=ok")
    assert "Something went wrong" in problems[0].what
    assert time.monotonic() - begun < 10


def test_a_reason_to_give_up_ends_the_waiting(site):
    begun = time.monotonic()
    down = site(http(503))
    _, problems = check_application(down.url, seconds=60, give_up=lambda: "shop restarted 4 times by itself")
    assert "restarted 4 times" in problems[0].what
    assert time.monotonic() - begun < 5
