"""Mail through a real relay on loopback."""

from __future__ import annotations

import email
import time
from dataclasses import replace
from email.policy import default

import pytest

from resources.notify.announce import announce
from resources.notify.plan import Channel
from resources.notify.services.email import parse_relay
from tests.resources.notify.conftest import event
from tests.support.mail_relay import PASSWORD, MailRelay


@pytest.fixture(params=["starttls", "tls"])
def relay(request, tmp_path, monkeypatch):
    running = MailRelay(tmp_path, tls=request.param == "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(running.trust))
    yield running
    running.close()


@pytest.fixture
def by_mail(told):
    def make(url: str, **notify):
        target = told(repeat=0.0, **notify)
        return replace(target, notify=replace(target.notify, channels=(Channel("email", "email", url),)))

    return make


def test_a_mail_arrives_encrypted_with_a_subject_the_facts_and_the_next_command(relay, by_mail):
    subject = "x\r\nBcc: everybody@example.com\r\n\r\nhello"
    facts = {"reason": "列 was lost", "commit": {"id": "a" * 40, "subject": subject}}
    (delivery,) = announce(by_mail(relay.url(), language="zh"), event(**facts))
    assert delivery.ok, delivery.detail
    ((recipients, data),) = relay.mails
    assert recipients == ["oncall@example.com", "ops@example.com"]
    mail = email.message_from_bytes(data, policy=default)
    assert mail["Subject"] == "dbsync: 发布失败 · shop@db:3306" and mail["Bcc"] is None
    assert mail["Message-ID"] == f"<{delivery.event}@dbsync>"
    body = mail.get_body()
    assert body is not None
    text = body.get_content()
    assert "列 was lost" in text and text.strip().split("\n")[-1] == "下一步: dbsync status"
    assert not any(line.startswith(b"AUTH") for line in relay.lines[: relay.encrypted_from])


def test_a_recipient_that_is_refused_is_named_and_the_others_get_the_mail(relay, by_mail):
    relay.refused = {"ops@example.com"}
    (delivery,) = announce(by_mail(relay.url()), event())
    assert delivery.ok and "ops@example.com" in delivery.detail
    assert relay.mails[0][0] == ["oncall@example.com"]
    relay.refused |= {"oncall@example.com"}
    (delivery,) = announce(by_mail(relay.url()), event())
    assert not delivery.ok and "550 no such user here" in delivery.detail


def test_a_wrong_password_a_silent_relay_and_a_strange_certificate_are_failed_deliveries(
    relay, by_mail, monkeypatch
):
    (delivery,) = announce(by_mail(relay.url().replace(PASSWORD, "wrong-password")), event())
    assert not delivery.ok and "535" in delivery.detail and "wrong-password" not in delivery.detail
    with monkeypatch.context() as nothing_trusted:
        nothing_trusted.delenv("SSL_CERT_FILE")
        (delivery,) = announce(by_mail(relay.url()), event())
    assert not delivery.ok and "CERTIFICATE_VERIFY_FAILED" in delivery.detail
    relay.stalls = True
    begun = time.monotonic()
    (delivery,) = announce(by_mail(relay.url()), event(), seconds=0.6)
    assert not delivery.ok and time.monotonic() - begun < 1.2
    assert relay.mails == []


def test_a_relay_may_be_private_and_not_link_local(by_mail):
    url = "smtps://169.254.169.254:465?from=a@example.com&to=b@example.com"
    (delivery,) = announce(by_mail(url, allow_private=()), event(), seconds=1)
    assert not delivery.ok and "no public address" in delivery.detail


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://relay/?from=a@b&to=c@d", "smtp+starttls://"),
        ("smtps://relay?to=c@d", "one from="),
        ("smtps://relay?from=a@b", "at least one to="),
        ("smtps://?from=a@b&to=c@d", "a host"),
        ("smtps://relay?from=a@b&to=c@d&cc=e@f", "cc is not known"),
        ("smtps://relay?from=a@b&to=everybody", "plain addresses"),
        ("smtps://relay?from=a@b&to=x@y%0d%0aBcc: z@z", "plain addresses"),
        ("smtp://me:secret-word@relay?from=a@b&to=c@d", "unencrypted"),
        ("smtps://relay:port?from=a@b&to=c@d", ""),
    ],
)
def test_a_wrong_address_says_what_is_wrong_and_not_the_password(url, said):
    with pytest.raises(ValueError) as caught:
        parse_relay(url)
    assert said in str(caught.value) and "secret-word" not in str(caught.value)


def test_the_parts_of_an_address():
    relay = parse_relay("smtp+starttls://me%40x:p%3Aw@mail.example?from=a@b.c&to=d@e.f,g@h.i")
    assert (relay.host, relay.port, relay.user, relay.password) == ("mail.example", 587, "me@x", "p:w")
    assert relay.recipients == ("d@e.f", "g@h.i")
