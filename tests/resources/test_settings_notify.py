"""The settings of alerts: what they make, and what a wrong one says."""

from __future__ import annotations

import os

import pytest

from resources.errors import SettingsError
from resources.notify.event import KINDS
from resources.redact import redact
from resources.settings import load_settings, target_of

SLACK = "https://hooks.slack.example/services/T0/B0/canary-slack-token"


@pytest.fixture
def configured(tmp_path, monkeypatch):
    def load(**variables: str):
        for name in [name for name in os.environ if name.startswith(("NOTIFY_", "NOTIFICATION_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("DATABASE_URL", "mysql://app:pw-canary@db/shop")
        for name, text in variables.items():
            monkeypatch.setenv(name, text)
        return target_of(load_settings(tmp_path))

    return load


def test_without_any_setting_there_is_no_channel(configured):
    target = configured()
    assert target.notify.channels == () and target.webhook is None


def test_every_channel_has_a_name_its_address_and_its_secret(configured):
    target = configured(
        NOTIFY_SLACK=SLACK,
        NOTIFY_DINGTALK="https://oapi.dingtalk.example/robot/send?access_token=canary-dingtalk",
        NOTIFY_DINGTALK_SECRET="SEC-canary",
        NOTIFY_FEISHU="https://open.feishu.example/hook/canary-feishu",
        NOTIFY_WECOM="https://qyapi.example/send?key=canary-wecom-key",
        NOTIFY_SMTP="smtps://me:canary-mail@relay?from=a@b.c&to=d@e.f",
        NOTIFY_APPRISE="tgram://canary-token/1  ntfy://topic",
    )
    names = [one.name for one in target.notify.channels]
    assert names == ["slack", "dingtalk", "feishu", "wecom", "email", "apprise", "apprise-2"]
    assert target.notify.channels[1].secret == "SEC-canary"
    assert "canary" not in repr(target)
    told = redact("POST /services/T0/B0/canary-slack-token; SEC-canary canary-mail canary-wecom-key")
    assert "canary" not in told


def test_who_is_told_of_what(configured):
    target = configured(
        NOTIFY_SLACK=SLACK,
        NOTIFICATION_WEBHOOK="https://x.example/hook",
        NOTIFY_WECOM="https://qyapi.example/send?key=canary-wecom-key",
        NOTIFY_EVENTS="slack: failure, rollback ; *: decision\nwebhook: *",
    )
    wants = target.notify.wants
    assert [kind for kind in KINDS if wants("slack", kind)] == ["failure", "rollback"]
    assert [kind for kind in KINDS if wants("wecom", kind)] == ["decision"]
    assert [kind for kind in KINDS if wants("webhook", kind)] == list(KINDS)
    quiet = configured(NOTIFY_SLACK=SLACK, NOTIFY_EVENTS="slack: none").notify
    assert not any(quiet.wants("slack", kind) for kind in KINDS)
    assert all(configured(NOTIFY_SLACK=SLACK).notify.wants("slack", kind) for kind in KINDS)


def test_times_rates_and_places(configured):
    notify = configured(
        NOTIFY_SLACK=SLACK,
        NOTIFY_REPEAT="30m",
        NOTIFY_RATE="5/10m",
        NOTIFY_GIVE_UP="2d",
        NOTIFY_HEARTBEAT="1d",
        NOTIFY_LANGUAGE="zh",
        NOTIFY_ALLOW_PRIVATE="Chat.lan, 10.0.0.0/8",
        NOTIFY_WATCHDOG="slack",
    ).notify
    assert (notify.repeat, notify.rate, notify.give_up, notify.heartbeat) == (1800, (5, 600.0), 172800, 86400)
    assert (notify.language, notify.watchdog) == ("zh", "slack")
    assert notify.allow_private == ("chat.lan", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("NOTIFY_SLACK", "hooks.slack.com/canary-token", "http or https"),
        ("NOTIFY_DINGTALK", "ftp://x/canary-token", "http or https"),
        ("NOTIFY_SMTP", "smtp://me:canary-token@relay?from=a@b&to=c@d", "smtps://"),
        ("NOTIFY_APPRISE", "syslog://", "acts on this machine"),
        ("NOTIFY_APPRISE", "slack://a/b/canary-token", "NOTIFY_SLACK"),
        ("NOTIFY_APPRISE", "canary-token", "apprise address"),
        ("NOTIFY_EVENTS", "slack: failures", "success, failure, rollback"),
        ("NOTIFY_EVENTS", "slak: failure", "webhook, slack, dingtalk"),
        ("NOTIFY_EVENTS", "slack", "channel: kind"),
        ("NOTIFY_EVENTS", "slack:", "success, failure"),
        ("NOTIFY_EVENTS", "slack: failure; slack: drift", "twice"),
        ("NOTIFY_EVENTS", "slack: failure", "set NOTIFY_SLACK"),
        ("NOTIFY_EVENTS", "apprise-2: failure", "set NOTIFY_APPRISE"),
        ("NOTIFY_WATCHDOG", "email", "set NOTIFY_SMTP"),
        ("NOTIFY_WATCHDOG", "pager", "webhook, slack"),
        ("NOTIFY_LANGUAGE", "de", "en, zh"),
        ("NOTIFY_RATE", "many", "20/h"),
        ("NOTIFY_RATE", "0/h", "20/h"),
        ("NOTIFY_REPEAT", "soon", "10m"),
        ("NOTIFY_HEARTBEAT", "-1", "10m"),
        ("NOTIFY_HEARTBEAT_URL", "healthchecks/canary-token", "http or https"),
        ("NOTIFY_ALLOW_PRIVATE", "10.0.0.0/99", "10.0.0.0/8"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed_and_without_its_secret(
    configured, name, text, allowed
):
    with pytest.raises(SettingsError) as caught:
        configured(**{name: text})
    said = str(caught.value)
    assert name in said and allowed in said and "canary-token" not in said
