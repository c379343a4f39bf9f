from __future__ import annotations

import socket
import threading
import time

import pytest

from resources.health.application import check_application
from tests.resources.health.conftest import http

GOOD = http(200, "ok")


def test_three_good_answers_in_a_row_are_healthy(site):
    well = site(GOOD)
    figures, problems = check_application(well.url, pause=0.01)
    assert problems == []
    assert figures["good_in_a_row"] == 3
    assert well.asked == ["/health"] * 3


def test_an_application_that_comes_up_late_is_waited_for(site):
    late = site(http(503), http(503), GOOD)
    figures, problems = check_application(late.url, pause=0.01)
    assert problems == []
    assert figures["attempts"] == 5


def test_a_flapping_application_never_becomes_healthy(site):
    flapping = site(*([GOOD, GOOD, http(500, "boom")] * 200))
    figures, problems = check_application(flapping.url, seconds=0.6, pause=0.01)
    assert len(problems) == 1
    assert "HTTP 500" in str(problems[0])
    assert figures["attempts"] > 3


def test_an_error_page_is_named_with_its_beginning_and_without_control_characters(site):
    broken = site(http(500, "\x1b[31mInternal\nerror"))
    _, problems = check_application(broken.url, seconds=0.2, pause=0.01)
    assert "HTTP 500" in problems[0].what
    assert "Internal" in problems[0].what
    assert "\x1b" not in problems[0].what


def test_a_redirect_is_not_followed_and_not_good(site):
    elsewhere = site(GOOD)
    moved = site(http(302, "", f"Location: {elsewhere.url}"))
    _, problems = check_application(moved.url, seconds=0.2, pause=0.01)
    assert "redirect" in problems[0].what
    assert elsewhere.asked == []


def _hang(connection: socket.socket, closing: threading.Event) -> None:
    closing.wait(30)


def _drip(connection: socket.socket, closing: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not closing.wait(0.05):
        connection.sendall(b"x")


def _drip_headers(connection: socket.socket, closing: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not closing.wait(0.05):
        connection.sendall(b"x")


@pytest.mark.parametrize("behaviour", [_hang, _drip, _drip_headers])
def test_an_answer_that_never_ends_is_bounded(site, behaviour):
    stuck = site(behaviour)
    begun = time.monotonic()
    _, problems = check_application(stuck.url, seconds=0.6, pause=0.01)
    assert time.monotonic() - begun < 2
    assert "no whole answer" in problems[0].what


def test_a_huge_body_is_not_read_whole(site):
    def huge(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while not closing.is_set():
            connection.sendall(b"x" * 65536)

    _, problems = check_application(site(huge).url, pause=0.01)
    assert problems == []


def test_a_refused_connection_is_unhealthy():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    _, problems = check_application(f"http://127.0.0.1:{port}/", seconds=0.2, pause=0.01)
    assert "refused" in problems[0].what


def test_garbage_instead_of_http_is_unhealthy(site):
    _, problems = check_application(site(b"SSH-2.0-OpenSSH\r\n").url, seconds=0.2, pause=0.01)
    assert len(problems) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "http://", "nonsense", "http://h:99999/"])
def test_what_is_no_web_address_is_refused_without_asking(url):
    figures, problems = check_application(url)
    assert problems[0].what == "the health URL is not one"
    assert figures["attempts"] == 0


def test_login_and_query_of_the_url_are_sent_and_not_shown(site):
    page = site(http(500))
    url = page.url.replace("http://", "http://user:sekrit@") + "?token=sekrit"
    figures, problems = check_application(url, seconds=0.2, pause=0.01)
    assert "GET /health?token=sekrit" in page.requests[0]
    assert "Authorization: Basic dXNlcjpzZWtyaXQ=" in page.requests[0]
    assert "sekrit" not in f"{figures} {problems}"
