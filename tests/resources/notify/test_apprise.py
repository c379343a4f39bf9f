"""Other services through the real library, against a real receiver; and what of it is switched off."""

from __future__ import annotations

import inspect
import logging
from dataclasses import replace

import pytest
from apprise.manager_plugins import NotificationManager

from resources.notify.announce import announce
from resources.notify.plan import Channel
from resources.notify.services.apprise import LOCAL, OWN, refusal
from tests.resources.notify.conftest import event
from tests.support.receiver import answering, silent


@pytest.fixture
def through(told):
    def make(url: str):
        target = told(repeat=0.0)
        return replace(target, notify=replace(target.notify, channels=(Channel("apprise", "apprise", url),)))

    return make


def test_a_message_arrives_at_a_service_that_only_apprise_knows_and_its_token_is_in_no_log(
    receiver, through, caplog
):
    there = receiver(answering("200 OK", b'{"id": 1}'))
    caplog.set_level(logging.DEBUG)
    (delivery,) = announce(through(f"gotify://127.0.0.1:{there.port}/canary-token"), event(reason="r<b>"))
    assert delivery.ok, delivery.detail
    assert b"Next: dbsync status" in there.body and b"not released" in there.body
    assert "canary-token" not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [answering("500 no"), answering("302 Found", b"", "Location: http://127.0.0.1:9/"), silent],
    ids=["500", "redirect", "silence"],
)
def test_what_is_not_taken_is_a_failed_delivery_and_no_redirect_is_followed(receiver, through, answer):
    there = receiver(answer)
    url = f"gotify://127.0.0.1:{there.port}/canary-token?redirect=yes"
    (delivery,) = announce(through(url), event(), seconds=1)
    assert not delivery.ok and "canary-token" not in delivery.detail
    assert len(there.requests) == 1


def test_an_address_that_apprise_does_not_know_is_a_failed_delivery(through):
    (delivery,) = announce(through("nosuchservice://canary-token/x"), event())
    assert not delivery.ok and "canary-token" not in delivery.detail


@pytest.mark.parametrize("scheme", sorted(LOCAL | OWN.keys()))
def test_schemes_that_act_here_or_that_dbsync_sends_itself_are_refused(through, scheme):
    assert scheme in refusal(f"{scheme.upper()}://host/x")
    (delivery,) = announce(through(f"{scheme}://host/x"), event())
    assert not delivery.ok and scheme in delivery.detail


def test_what_the_library_does_without_the_network_is_refused():
    """A plugin that speaks no HTTP is either a known network protocol or acts on this machine."""
    protocols = {"irc", "amqp", "xmpp", "smpp", "mqtt", "aprs", "guilded", "jellyfin"}
    manager = NotificationManager()
    for scheme in manager.schemas():
        module = inspect.getmodule(manager[scheme])
        assert module
        if "import requests" not in inspect.getsource(module) and not refusal(f"{scheme}://"):
            assert scheme.removesuffix("s") in {*protocols, *(one.removesuffix("s") for one in protocols)}, (
                scheme
            )
