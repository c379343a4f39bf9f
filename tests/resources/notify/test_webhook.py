"""What becomes of a notice, with real receivers on the loopback interface."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest
from resources.notify.webhook import notify

from resources.redact import remember
from tests.resources.notify.conftest import answering, dripping

EVENT: dict[str, object] = {"outcome": "released", "target": "shop@db:3306", "timings": {"apply": 1.5}}


def kept(storage: Path) -> list[dict[str, object]]:
    path = storage / "outbox" / "undelivered.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_notice_arrives_as_one_json_post_and_leaves_no_outbox(receiver, tmp_path):
    there = receiver(answering("200 OK", b"ok"))
    delivery = notify(there.url, EVENT, tmp_path)
    assert (delivery.ok, delivery.status) == (True, 200)
    assert json.loads(there.body) == EVENT
    assert there.requests[0].startswith(b"POST /hook/canary-token?k=1 HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in there.requests[0]
    assert list(tmp_path.iterdir()) == []


def test_a_server_error_is_a_failed_delivery_kept_in_the_outbox(receiver, tmp_path):
    there = receiver(answering("500 Internal Server Error", b"\x1b[31mdatabase\nis away"))
    delivery = notify(there.url, EVENT, tmp_path)
    assert (delivery.ok, delivery.status) == (False, 500)
    assert delivery.detail == "HTTP 500: \\x1b[31mdatabase is away"
    (line,) = kept(tmp_path)
    assert line["event"] == EVENT and line["receiver"] == "127.0.0.1"
    assert "canary-token" not in json.dumps(line)
    assert (tmp_path / "outbox" / "undelivered.jsonl").stat().st_mode & 0o077 == 0


def test_failed_notices_gather_in_the_outbox_one_line_each(receiver, tmp_path):
    there = receiver(answering("503 Service Unavailable"))
    for number in range(3):
        notify(there.url, {"number": number}, tmp_path)
    assert [line["event"] for line in kept(tmp_path)] == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_a_redirect_is_not_followed(receiver, tmp_path):
    secret = receiver(answering("200 OK"))
    there = receiver(answering("302 Found", b"", f"Location: {secret.url}"))
    delivery = notify(there.url, EVENT, tmp_path)
    assert (delivery.ok, delivery.status) == (False, 302)
    assert secret.requests == [] and len(there.requests) == 1
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("answer", [dripping, lambda client: time.sleep(3)], ids=["slow drip", "silence"])
def test_a_receiver_that_never_finishes_is_left_at_the_deadline(receiver, tmp_path, answer):
    there = receiver(answer)
    begun = time.monotonic()
    delivery = notify(there.url, EVENT, tmp_path, seconds=0.6)
    assert time.monotonic() - begun < 1.2
    assert not delivery.ok and delivery.detail == "no complete answer within 0.6 s"
    assert len(kept(tmp_path)) == 1


def test_ten_megabytes_of_answer_are_not_read(receiver, tmp_path):
    sent = []

    def pour(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        for _ in range(1000):
            client.sendall(b"x" * 10_000)
            sent.append(10_000)

    delivery = notify(receiver(pour).url, EVENT, tmp_path)
    assert delivery.ok and len(delivery.detail) < 300
    time.sleep(0.2)
    assert sum(sent) < 10_000_000, "the answer was read to its end"


def test_a_refused_connection_is_a_failed_delivery(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    delivery = notify(f"http://127.0.0.1:{port}/canary-token", EVENT, tmp_path)
    assert (delivery.ok, delivery.status) == (False, None)
    assert "refused" in delivery.detail and "canary-token" not in delivery.detail
    assert len(kept(tmp_path)) == 1


def test_an_answer_that_is_no_http_is_a_failed_delivery(receiver, tmp_path):
    delivery = notify(receiver(lambda client: client.sendall(b"\x00\xff\n\n")).url, EVENT, tmp_path)
    assert not delivery.ok and len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    "body", [b'{"errcode": 310000, "errmsg": "sign not match"}', b'{"code": 19021}', b'{"ok": false}']
)
def test_a_refusal_inside_a_200_is_a_failed_delivery(receiver, tmp_path, body):
    delivery = notify(receiver(answering("200 OK", body)).url, EVENT, tmp_path)
    assert (delivery.ok, delivery.status) == (False, 200) and delivery.detail.startswith("refused: ")
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    "body", [b'{"errcode": 0}', b'{"code": 200}', b'{"ok": true}', b"[1]", b"{", b"[" * 60000]
)
def test_an_answer_of_any_other_form_counts_by_its_status(receiver, tmp_path, body):
    assert notify(receiver(answering("200 OK", body)).url, EVENT, tmp_path).ok


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://host/x",
        "gopher://host",
        "http://",
        "http://host:port/",
        "http://[::1/",
    ],
)
def test_only_http_addresses_are_used(tmp_path, url):
    delivery = notify(url, EVENT, tmp_path)
    assert (delivery.ok, delivery.status) == (False, None)
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/a b", "http://127.0.0.1:9/ä", "http://ä..b/x", "https://127.0.0.1:9/"]
)
def test_an_unusable_address_is_a_failed_delivery_and_no_exception(tmp_path, url):
    assert not notify(url, EVENT, tmp_path).ok


def test_the_body_holds_no_secret_and_nothing_active(receiver, tmp_path):
    remember("hunter2'\"$ %@:/")
    event: dict[str, object] = {
        "why": "login hunter2'\"$ %@:/ failed \x1b[2J \u202etxt",
        "error": OSError("hunter2'\"$ %@:/"),
        "url": "mysql://app:letmein@db/shop",
        "nested": [{"a": ("x" * 10_000, float("nan"), 2)}],
        "many": list(range(5000)),
    }
    there = receiver(answering("200 OK"))
    assert notify(there.url, event, tmp_path).ok
    text = there.body.decode()
    arrived = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert "hunter2" not in text and "letmein" not in text
    assert "\\x1b[2J \\u202etxt" in arrived["why"]
    assert len(there.body) < 20_000 and len(arrived["many"]) == 201


def test_an_outbox_that_cannot_be_written_is_said_and_raises_nothing(tmp_path):
    (tmp_path / "outbox").write_text("a file where the folder should be")
    delivery = notify("http://127.0.0.1:9/", EVENT, tmp_path)
    assert not delivery.ok and "outbox is not writable" in delivery.detail
    assert (tmp_path / "outbox").read_text() == "a file where the folder should be"


def test_without_a_storage_nothing_is_kept():
    assert not notify("http://127.0.0.1:9/", EVENT, None).ok
