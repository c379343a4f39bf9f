"""Connecting again on a time-out only."""

import socket
import time
from dataclasses import replace

import pytest

from resources.errors import AuthenticationError, ConnectError, ConnectTimeoutError
from resources.prisma import retry
from resources.prisma.retry import connect_patiently
from resources.target import Target


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_PAUSE", 0.01)


@pytest.mark.slow
def test_a_silent_server_is_tried_three_times_more(target: Target) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        slow = replace(target, endpoint=replace(target.endpoint, port=port, connect_timeout=1))
        began = time.monotonic()
        with pytest.raises(ConnectTimeoutError, match="tried 4 times"):
            connect_patiently(slow)
        assert 4 <= time.monotonic() - began < 8


def test_a_refused_login_and_a_closed_port_are_not_tried_again(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "_PAUSE", 60)
    with pytest.raises(AuthenticationError):
        connect_patiently(replace(target, endpoint=replace(target.endpoint, password="wrong")))
    with pytest.raises(ConnectError):
        connect_patiently(replace(target, endpoint=replace(target.endpoint, port=1)))
