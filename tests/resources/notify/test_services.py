"""Slack, DingTalk, Feishu and WeCom: what they accept, every way they fail, and that nothing gets out."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import pytest

from resources.notify.announce import announce
from resources.notify.channel_line import pause
from resources.notify.deliver import deliver_due
from resources.notify.event import KINDS
from resources.notify.outbox import Outbox
from tests.resources.notify.conftest import channel_of, event
from tests.support.alert_services import REFUSALS, SERVICES
from tests.support.receiver import answering, dripping, pouring, silent

HOSTILE = (
    '<!channel> <@U1> <at user_id="all">x</at> @all @everyone [click](http://evil.example) *b*'
    " ::error file=x::boo\n::add-mask::y \x1b[31mred\u202e <script>alert(1)</script> & <http://evil|ok>"
)


@pytest.mark.parametrize("name", SERVICES)
def test_every_kind_of_event_is_taken_and_ends_with_the_next_command(service, told, name):
    there = service(name)
    target = told(there, rate=(100, 60.0))
    for kind in KINDS:
        assert [one.ok for one in announce(target, event(kind=kind, reason="r"))] == [True], kind
    assert len(there.taken) == len(KINDS)
    assert all(text.split("\n")[-1] == "Next: dbsync status" for text in there.taken)
    assert all("shop@db:3306" in text.split("\n")[0] for text in there.taken)


@pytest.mark.parametrize("name", ["dingtalk", "feishu"])
def test_a_wrong_signing_secret_is_a_failed_delivery_although_the_answer_is_200(service, told, name):
    there = service(name)
    target = told(there)
    wrong = replace(channel_of(there), secret="SEC-another")
    target = replace(target, notify=replace(target.notify, channels=(wrong,)))
    (delivery,) = announce(target, event())
    assert not delivery.ok and delivery.status == 200 and "sign" in delivery.detail
    assert there.taken == []


FAULTS = {
    "500": answering("500 Internal Server Error", b"oops"),
    "404": answering("404 Not Found"),
    "an empty 200": answering("200 OK"),
    "invalid JSON": answering("200 OK", b'{"errcode": '),
    "an HTML page": answering("200 OK", b"<html>log in first</html>"),
    "a list": answering("200 OK", b"[0]"),
    "no code": answering("200 OK", b'{"msg": "hello"}'),
    "deep JSON": answering("200 OK", b"[" * 60_000),
    "to the cloud's metadata": answering(
        "302 Found", b"", "Location: http://169.254.169.254/latest/meta-data/"
    ),
    "to a file": answering("301 Moved", b"", "Location: file:///etc/passwd"),
    "10 MB": pouring,
    "slow drip": dripping,
    "silence": silent,
    "hangs up": lambda client: None,
    "no HTTP": lambda client: client.sendall(b"\x00\xff\n\n"),
}


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("fault", [*FAULTS, "its own refusal"])
def test_every_failure_is_bounded_said_and_made_good_by_the_next_attempt(
    service, told, name, fault, monkeypatch
):
    there = service(name)
    there.faults.append(FAULTS.get(fault) or REFUSALS[name])
    target = told(there)
    begun = time.monotonic()
    (delivery,) = announce(target, event(), seconds=0.5)
    assert time.monotonic() - begun < 1.2
    assert not delivery.ok and 0 < len(delivery.detail) < 300
    (one,) = Outbox(target.storage).waiting()
    assert one.progress == "waiting" and one.attempts == 1
    assert deliver_due(target) == [], "not at once"
    later = time.time() + pause(1)
    monkeypatch.setattr(time, "time", lambda: later)
    assert [again.ok for again in deliver_due(target)] == [True]
    assert len(there.taken) == 1 and len(there.requests) == 2
    assert Outbox(target.storage).waiting() == []


@pytest.mark.parametrize("name", SERVICES)
def test_what_others_wrote_is_inert_in_a_message(service, told, name):
    there = service(name)
    facts = {"reason": HOSTILE, "commit": {"id": "f" * 40, "subject": HOSTILE}}
    announce(told(there), event(**facts))
    (text,) = there.taken
    assert "\x1b" not in text and "\u202e" not in text
    for active in ("<!channel>", "<@U1>", "<at user_id", "@all ", "@everyone "):
        assert active not in text, active
    assert not any(line.startswith("::") for line in text.split("\n"))
    if name == "slack":
        assert "<" not in text and ">" not in text
        assert b'"mrkdwn": false' in there.requests[0]
    if name == "dingtalk":
        assert b'"isAtAll": false' in there.requests[0]


@pytest.mark.parametrize("name", SERVICES)
def test_a_private_address_is_refused_after_its_name_was_resolved_and_before_a_byte_is_sent(
    service, told, name
):
    there = service(name)
    for allowed, host in (((), "127.0.0.1"), ((), "localhost"), (("10.0.0.0/8",), "localhost")):
        there.url = f"http://{host}:{there.port}{there.path}"
        (delivery,) = announce(told(there, allow_private=allowed, repeat=0.0), event())
        assert not delivery.ok and "NOTIFY_ALLOW_PRIVATE" in delivery.detail
    assert there.requests == []
    assert announce(told(there, allow_private=("localhost",), repeat=0.0), event())[0].ok


def test_a_name_that_changes_its_address_after_it_was_judged_gains_nothing(service, told, monkeypatch):
    """DNS rebinding: public when it is looked up first, the machine itself the second time."""
    there = service("slack")
    there.url = f"http://rebind.example:{there.port}{there.path}"
    answers = [("93.184.216.34", there.port), ("127.0.0.1", there.port)]
    asked: list[str] = []

    def resolve(host, port, *_, **__):
        asked.append(host)
        address = answers[min(len(asked), 2) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    (delivery,) = announce(told(there, allow_private=()), event(), seconds=0.5)
    assert not delivery.ok and there.requests == [] and asked == ["rebind.example"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_is_in_a_body_or_on_the_disk(service, told, name, tmp_path):
    there = service(name)
    there.faults.append(answering("500 no", f"you sent {there.url} {there.secret}".encode()))
    target = told(there)
    from resources.redact import remember

    for secret in ("canary-db-password", *(filter(None, (there.url, there.secret)))):
        remember(secret)
    announce(target, event(reason="login canary-db-password failed", error={"why": "canary-db-password"}))
    Outbox(target.storage).again()
    assert [one.ok for one in deliver_due(target)] == [True]
    assert "canary-db" not in there.taken[0] and b"canary-db" not in b"".join(there.requests)
    for path in tmp_path.rglob("*.json"):
        assert b"canary" not in path.read_bytes(), path
