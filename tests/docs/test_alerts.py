"""docs/alerts.md: every kind of event, every channel and every command is explained."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from dbsync_assets.cli.notify import group
from resources.notify.event import KINDS
from resources.notify.plan import Service
from resources.notify.services.email import parse_relay
from resources.settings import CHECKOUT
from resources.settings_notify import NotifySettings, parse_events

PAGE = (CHECKOUT / "docs" / "alerts.md").read_text(encoding="utf-8")


def section(kind: str) -> str:
    found = re.search(rf"^### {kind}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_means_and_what_to_do_at_three_in_the_morning(kind):
    assert "**At 3 a.m.:" in section(kind), f"docs/alerts.md does not explain {kind}"
    assert len(section(kind)) > 60


def test_no_kind_is_explained_that_does_not_exist():
    assert set(re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)) == set(KINDS)


@pytest.mark.parametrize("service", get_args(Service))
def test_every_channel_has_its_setting_shown(service):
    settings = {"webhook": "NOTIFICATION_WEBHOOK", "email": "NOTIFY_SMTP"}
    assert f"`{settings.get(service, f'NOTIFY_{service.upper()}')}=" in PAGE


def test_every_setting_and_every_command_is_named():
    for field in NotifySettings.model_fields.values():
        assert str(field.alias) in PAGE, field.alias
    for one in group.registered_commands:
        if one.name not in ("list", "outbox"):
            assert f"dbsync notify {one.name}" in PAGE, one.name


def test_the_examples_are_accepted():
    (routes,) = re.findall(r"NOTIFY_EVENTS=(.+)", PAGE)
    assert parse_events(routes)["email"] == {"rollback_incomplete", "decision"}
    (mail,) = re.findall(r"NOTIFY_SMTP=(smtp\S+[^`\s])`", PAGE)
    assert parse_relay(mail.replace("HOST", "relay.example.com")).recipients == (
        "ops@example.com",
        "oncall@example.com",
    )
