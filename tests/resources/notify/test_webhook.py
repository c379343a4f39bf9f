"""NOTIFICATION_WEBHOOK: what its receiver gets, and what becomes of a message it does not take."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from typing import Any

import pytest

from resources.notify.announce import announce
from resources.notify.outbox import Outbox
from resources.redact import remember
from tests.resources.notify.conftest import event
from tests.support.receiver import answering, dripping, silent

EVENT = {"outcome": "released", "target": "shop@db:3306", "timings": {"apply": 1.5}}


def waiting(target):
    return [one for one in Outbox(target.storage).waiting() if not one.is_final]


def test_a_notice_arrives_as_one_json_post_with_its_facts_as_they_were_and_its_id(receiver, told):
    there = receiver(answering("200 OK", b"ok"))
    (delivery,) = announce(told(webhook=there.url), event(outcome="released", timings={"apply": 1.5}))
    assert (delivery.ok, delivery.status) == (True, 200)
    arrived = json.loads(there.body)
    envelope = arrived.pop("event")
    assert arrived == EVENT
    assert envelope["id"] == delivery.event and envelope["kind"] == "failure"
    assert envelope["next"] == "dbsync status"
    assert there.requests[0].startswith(b"POST /hook/canary-token?k=1 HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in there.requests[0]


def test_a_server_error_leaves_the_notice_in_the_outbox_where_only_its_owner_reads_it(receiver, told):
    target = told(webhook=receiver(answering("500 Internal Server Error", b"\x1b[31mdatabase\nis away")).url)
    (delivery,) = announce(target, event())
    assert (delivery.ok, delivery.status) == (False, 500)
    assert delivery.detail == "HTTP 500: \\x1b[31mdatabase is away"
    (one,) = waiting(target)
    assert one.event.facts == {"target": "shop@db:3306"} and one.attempts == 1
    for path in (target.storage / "outbox").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or path.suffix == ".lock"
        assert path.is_dir() or b"canary-token" not in path.read_bytes()


def test_a_redirect_is_not_followed(receiver, told):
    secret = receiver(answering("200 OK"))
    there = receiver(answering("302 Found", b"", f"Location: {secret.url}"))
    (delivery,) = announce(told(webhook=there.url), event())
    assert (delivery.ok, delivery.status) == (False, 302)
    assert secret.requests == [] and len(there.requests) == 1


@pytest.mark.parametrize("answer", [dripping, silent], ids=["slow drip", "silence"])
def test_a_receiver_that_never_finishes_is_left_at_the_deadline(receiver, told, answer):
    target = told(webhook=receiver(answer).url)
    begun = time.monotonic()
    (delivery,) = announce(target, event(), seconds=0.6)
    assert time.monotonic() - begun < 1.2
    assert not delivery.ok and "no complete answer" in delivery.detail
    assert len(waiting(target)) == 1


def test_ten_megabytes_of_answer_are_not_read(receiver, told):
    sent = []

    def pour(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        for _ in range(1000):
            client.sendall(b"x" * 10_000)
            sent.append(10_000)

    (delivery,) = announce(told(webhook=receiver(pour).url), event())
    assert delivery.ok and len(delivery.detail) < 300
    time.sleep(0.1)
    assert sum(sent) < 10_000_000, "the answer was read to its end"


def test_a_refused_connection_is_a_failed_delivery(told):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    target = told(webhook=f"http://127.0.0.1:{port}/canary-token")
    (delivery,) = announce(target, event())
    assert (delivery.ok, delivery.status) == (False, None)
    assert "refused" in delivery.detail and "canary-token" not in delivery.detail
    assert len(waiting(target)) == 1


def test_an_answer_that_is_no_http_is_a_failed_delivery(receiver, told):
    target = told(webhook=receiver(lambda client: client.sendall(b"\x00\xff\n\n")).url)
    assert not announce(target, event())[0].ok and len(waiting(target)) == 1


@pytest.mark.parametrize(
    "body", [b'{"errcode": 310000, "errmsg": "sign not match"}', b'{"code": 19021}', b'{"ok": false}']
)
def test_a_refusal_inside_a_200_is_a_failed_delivery(receiver, told, body):
    (delivery,) = announce(told(webhook=receiver(answering("200 OK", body)).url), event())
    assert (delivery.ok, delivery.status) == (False, 200) and delivery.detail.startswith("refused: ")


@pytest.mark.parametrize(
    "body", [b'{"errcode": 0}', b'{"code": 200}', b'{"ok": true}', b"[1]", b"{", b"[" * 60000]
)
def test_an_answer_of_any_other_form_counts_by_its_status(receiver, told, body):
    assert announce(told(webhook=receiver(answering("200 OK", body)).url), event())[0].ok


UNUSABLE = [
    "file:///etc/passwd",
    "ftp://host/x",
    "http://",
    "http://host:port/",
    "http://[::1/",
    "http://127.0.0.1:9/a b",
    "http://127.0.0.1:9/ä",
    "http://ä..b/x",
    "https://127.0.0.1:9/",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:169.254.169.254]/latest",
    "http://0.0.0.0:80/",
]


@pytest.mark.parametrize("url", UNUSABLE)
def test_an_unusable_address_is_a_failed_delivery_that_waits_and_no_exception(told, url):
    target = told(webhook=url, allow_private=())
    (delivery,) = announce(target, event(), seconds=1)
    assert (delivery.ok, delivery.status) == (False, None)
    assert len(waiting(target)) == 1


def test_the_body_holds_no_secret_and_nothing_active(receiver, told):
    remember("hunter2'\"$ %@:/")
    facts: dict[str, Any] = {
        "why": "login hunter2'\"$ %@:/ failed \x1b[2J \u202etxt",
        "error": OSError("hunter2'\"$ %@:/"),
        "url": "mysql://app:letmein@db/shop",
        "nested": [{"a": ("x" * 10_000, float("nan"), 2)}],
        "many": list(range(5000)),
        "lone": "\udcff",
    }
    there = receiver(answering("200 OK"))
    assert announce(told(webhook=there.url), event(**facts))[0].ok
    text = there.body.decode()
    arrived = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert "hunter2" not in text and "letmein" not in text
    assert "\\x1b[2J \\u202etxt" in arrived["why"]
    assert len(there.body) < 20_000 and len(arrived["many"]) == 201


def test_an_outbox_that_cannot_be_written_is_said_and_the_message_is_sent_all_the_same(
    receiver, told, tmp_path
):
    (tmp_path / "outbox").write_text("a file where the folder should be")
    (delivery,) = announce(told(webhook="http://127.0.0.1:9/"), event())
    assert not delivery.ok and "the outbox is not usable" in delivery.detail
    there = receiver(answering("200 OK"))
    remember("hunter2-secret")
    assert announce(told(webhook=there.url), event(reason="hunter2-secret"))[0].ok
    assert json.loads(there.body)["target"] == "shop@db:3306" and b"hunter2" not in there.body
    assert (tmp_path / "outbox").read_text() == "a file where the folder should be"


def test_without_a_channel_nothing_is_done_and_nothing_is_written(told, tmp_path):
    assert announce(replace(told(), webhook=None), event()) == []
    assert list(tmp_path.iterdir()) == []
