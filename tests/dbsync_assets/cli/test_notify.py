"""`dbsync notify`, as the command it is, against services on loopback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resources.notify.announce import announce
from resources.notify.heartbeat import beat
from resources.settings import load_settings, target_of
from tests.resources.notify.conftest import event
from tests.support.alert_services import SECRET, DingTalk, Feishu, Slack, WeCom
from tests.support.command import run
from tests.support.receiver import Receiver, answering


@pytest.fixture
def services():
    made = Slack(), DingTalk(SECRET), Feishu(SECRET), WeCom()
    yield made
    for one in made:
        one.close()


@pytest.fixture
def project(tmp_path: Path, services) -> Path:
    slack, dingtalk, feishu, wecom = services
    (tmp_path / ".env").write_text(
        "DATABASE_URL=mysql://app:pw-canary@127.0.0.1:1/shop\nNOTIFY_ALLOW_PRIVATE=127.0.0.1\n"
        f"NOTIFY_SLACK={slack.url}\nNOTIFY_WECOM={wecom.url}\n"
        f"NOTIFY_DINGTALK={dingtalk.url}\nNOTIFY_DINGTALK_SECRET={SECRET}\n"
        f"NOTIFY_FEISHU={feishu.url}\nNOTIFY_FEISHU_SECRET={SECRET}\n"
    )
    return tmp_path


def notify(verb: str, project: Path, *more: str, **environment: str):
    return run("notify", verb, "-C", str(project), *more, COLUMNS="220", **environment)


def test_test_sends_to_every_channel_and_says_what_each_answered(project, services):
    done = notify("test", project)
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "✓ slack",
        "✓ dingtalk",
        "✓ feishu",
        "✓ wecom",
    ]
    assert all(len(one.taken) == 1 and "test" in one.taken[0] for one in services)


def test_test_fails_with_a_code_of_its_own_where_one_channel_refuses_and_names_it(project, services):
    services[1].secret = "SEC-of-another-robot"
    services[3].always = answering("302 Found", b"", "Location: http://169.254.169.254/")
    done = notify("test", project, "--json")
    assert done.returncode == 90
    report = json.loads(done.stdout)
    assert report["ok"] is False and report["error"]["code"] == "alert-failed"
    assert {one["channel"]: one["ok"] for one in report["channels"]} == {
        "slack": True,
        "dingtalk": False,
        "feishu": True,
        "wecom": False,
    }
    details = {one["channel"]: one["detail"] for one in report["channels"]}
    assert "sign not match" in details["dingtalk"] and "redirects" in details["wecom"]
    assert "canary" not in done.stdout + done.stderr and SECRET not in done.stdout + done.stderr


def test_what_waits_is_listed_and_retry_delivers_it_once(project, services):
    for one in services:
        one.always = answering("503 no")
    announce(target_of(load_settings(project)), event(reason="a <reason>"))
    listed = json.loads(notify("list", project, "--json").stdout)
    assert [(one["name"], one["waiting"], one["events"]) for one in listed] == [
        (name, 1, "*") for name in ("slack", "dingtalk", "feishu", "wecom")
    ]
    assert all(one["since"] and not one["last_ok"] for one in listed)
    shown = notify("outbox", project)
    assert "4 waiting, 0 given up" in shown.stdout and "deployment-0" in shown.stdout
    again = notify("retry", project)
    assert again.returncode == 90 and "503" in again.stderr
    for one in services:
        one.always = None
    assert notify("retry", project).returncode == 0
    assert [len(one.taken) for one in services] == [1, 1, 1, 1]
    assert json.loads(notify("outbox", project, "--json").stdout) == {"waiting": [], "given_up": []}
    assert "nothing waits" in notify("outbox", project).stdout
    assert notify("retry", project).returncode == 0
    assert [len(one.taken) for one in services] == [1, 1, 1, 1]


def test_watch_is_quiet_while_the_sensor_ticks_and_tells_the_watchdog_when_it_does_not(project, services):
    slack, _, feishu, _ = services
    with (project / ".env").open("a") as stream:
        stream.write("NOTIFY_WATCHDOG=feishu\n")
    silent = notify("watch", project, "--json")
    assert silent.returncode == 91 and json.loads(silent.stdout)["silent_seconds"] is None
    assert len(feishu.taken) == 1 and slack.taken == []
    beat(target_of(load_settings(project)))
    assert notify("watch", project).returncode == 0
    assert len(feishu.taken) == 1


@pytest.mark.parametrize("verb", ["test", "retry", "watch"])
def test_without_a_channel_it_is_said_how_to_set_one(tmp_path, verb):
    (tmp_path / ".env").write_text("DATABASE_URL=mysql://app:pw-canary@127.0.0.1:1/shop\n")
    done = notify(verb, tmp_path)
    assert done.returncode == 3 and "NOTIFY_SLACK" in done.stderr
    assert "nobody is told" in notify("list", tmp_path).stdout


def test_a_webhook_on_the_own_network_is_proven_without_any_permission(tmp_path):
    receiver = Receiver(answering("200 OK"))
    (tmp_path / ".env").write_text("DATABASE_URL=mysql://app:pw-canary@127.0.0.1:1/shop\n")
    assert notify("test", tmp_path, NOTIFICATION_WEBHOOK=receiver.url).returncode == 0
    assert json.loads(receiver.body)["event"]["kind"] == "heartbeat"
    receiver.close()
