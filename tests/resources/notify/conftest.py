"""Alert services on the loopback interface, and targets that tell them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.mysql.endpoint import Endpoint
from resources.notify.event import Event, Kind
from resources.notify.plan import Channel, Notify
from resources.target import Target
from tests.support.alert_services import SECRET, SERVICES, AlertService
from tests.support.receiver import Answer, Receiver

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
def receiver() -> Iterator[Callable[[Answer], Receiver]]:
    opened: list[Receiver] = []

    def make(answer: Answer) -> Receiver:
        opened.append(Receiver(answer))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def service() -> Iterator[Callable[[str], AlertService]]:
    opened: list[AlertService] = []

    def make(name: str) -> AlertService:
        opened.append(SERVICES[name](SECRET if name in ("dingtalk", "feishu") else ""))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., Target]:
    """A target whose channels are these services; other arguments go to Notify."""

    def make(*services: AlertService, webhook: str | None = None, **notify: Any) -> Target:
        channels = tuple(channel_of(one) for one in services)
        plan = Notify(channels=channels, **{"allow_private": LOOPBACK, **notify})
        endpoint = Endpoint("db", 3306, "app", "canary-password")
        folders = dict.fromkeys(("migrations", "storage", "state", "tools"), tmp_path)
        return Target(endpoint, "shop", webhook=webhook, notify=plan, **folders)

    return make


def channel_of(one: AlertService) -> Channel:
    name = next(name for name, made in SERVICES.items() if type(one) is made)
    return Channel(name, name, one.url, one.secret)  # type: ignore[arg-type]


def event(number: int = 0, kind: Kind = "failure", **facts: object) -> Event:
    """The `number`th of its kind."""
    return Event(kind, f"deployment-{number}", "failed", {"target": "shop@db:3306", **facts}, "dbsync status")
