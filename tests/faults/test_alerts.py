"""Alerts of real releases: dead receivers cost seconds, what fails is told, and no secret goes out."""

from __future__ import annotations

import json
import socket
import time

import pytest

from resources.file_lock import locked_file
from resources.notify.outbox import Outbox
from tests.e2e.conftest import BAD, GOOD
from tests.support.alert_services import SECRET, AlertService, DingTalk, Feishu, Slack, WeCom
from tests.support.mail_relay import MailRelay
from tests.support.project import kill
from tests.support.receiver import Answer, dripping, silent

pytestmark = pytest.mark.slow


@pytest.fixture
def services(project):
    slack, dingtalk, feishu, wecom = Slack(), DingTalk(SECRET), Feishu(SECRET), WeCom()
    project.environment |= {
        "NOTIFY_ALLOW_PRIVATE": "127.0.0.1",
        "NOTIFY_SLACK": slack.url,
        "NOTIFY_DINGTALK": dingtalk.url,
        "NOTIFY_DINGTALK_SECRET": SECRET,
        "NOTIFY_FEISHU": feishu.url,
        "NOTIFY_FEISHU_SECRET": SECRET,
        "NOTIFY_WECOM": wecom.url,
    }
    yield slack, dingtalk, feishu, wecom
    for one in (slack, dingtalk, feishu, wecom):
        one.close()


class Program(AlertService):
    """A receiver of one's own."""

    def judge(self, query: dict[str, str], body: bytes) -> tuple[str, bytes]:
        self.taken.append(json.loads(body)["event"]["kind"])
        return "204 No Content", b""


@pytest.fixture
def program(project):
    running = Program()
    project.environment["NOTIFICATION_WEBHOOK"] = running.url
    yield running
    running.close()


@pytest.fixture
def relay(project, tmp_path):
    running = MailRelay(tmp_path)
    project.environment |= {"NOTIFY_SMTP": running.url(), "SSL_CERT_FILE": str(running.trust)}
    yield running
    running.close()


def _waiting(project) -> list[dict]:
    folder = project.storage / "outbox" / "events"
    return [json.loads(path.read_text()) for path in sorted(folder.glob("[!.]*.json"))]


def test_a_release_and_a_rollback_with_every_channel_dead_wait_under_five_seconds_and_are_told_later(
    project, services, program, relay
):
    held: list[float] = []

    def dead(answer: Answer) -> Answer:
        """Notes for how long it kept dbsync: from the request until dbsync let go."""

        def respond(client: socket.socket) -> None:
            begun = time.monotonic()
            try:
                answer(client)
            finally:
                held.append(time.monotonic() - begun)

        return respond

    relay.stalls = True
    for number, one in enumerate((*services, program)):
        one.always = dead(dripping if number % 2 else silent)
    project.add_migration(*GOOD)
    good = project.run("deploy")
    assert len(held) == 5 and max(held) < 5.0, "all at once, within one deadline"
    project.add_migration(*BAD)
    before = project.world()
    bad = project.run("deploy")
    assert max(held) < 5.0
    assert (good.returncode, bad.returncode) == (0, 40), good.stderr + bad.stderr
    assert project.world() == before
    assert [(one["kind"], len(one["channels"])) for one in _waiting(project)] == [
        ("success", 6),
        ("rollback", 6),
    ]
    relay.stalls = False
    for one in (*services, program):
        one.always = None
    assert project.run("notify", "retry").returncode == 0
    assert [len(one.taken) for one in services] == [2, 2, 2, 2] and _waiting(project) == []
    assert sorted(program.taken) == ["rollback", "success"] and len(relay.mails) == 2
    for text in (text for one in services for text in one.taken):
        assert "Next: " in text.split("\n")[-1] and project.database in text.split("\n")[0]
    assert {text.split("\n")[0].split(": ")[1].split(" ·")[0] for text in services[3].taken} == {
        "released",
        "rolled back",
    }
    told = "".join(good.stderr + bad.stderr + good.stdout + bad.stdout)
    assert "canary" not in told and SECRET not in told


def test_a_restore_that_finds_its_backup_damaged_pages(project, services):
    slack = services[0]
    code, made = project.report("backup")
    assert code == 0
    victim = max((project.storage / made["id"]).rglob("*.*"), key=lambda path: path.stat().st_size)
    victim.write_bytes(victim.read_bytes()[:-1])
    failed = project.run("restore", made["id"], "--accept-loss")
    assert failed.returncode == 21, failed.stderr
    assert len(slack.taken) == 1 and made["id"] in slack.taken[0] and "backups" in slack.taken[0]
    assert project.run("restore", "20200101T000000.000Z-full-000000-abcdef").returncode == 22
    assert len(slack.taken) == 1, "a typing error is read by whoever made it"


def test_a_rollback_by_hand_is_told(project, services):
    project.add_migration(*GOOD)
    assert project.run("deploy").returncode == 0
    done = project.run("rollback")
    assert done.returncode == 0, done.stderr
    assert ["rolled back" in text.split("\n")[0] for text in services[0].taken] == [False, True]
    assert all(len(one.taken) == 2 for one in services)


@pytest.mark.parametrize(
    ("migration", "phase", "kind"), [(GOOD, "released", "success"), (BAD, "rolled_back", "rollback")]
)
def test_killed_between_its_end_and_the_outbox_the_next_command_tells_of_it_once(
    project, program, migration, phase, kind
):
    outbox = Outbox(project.storage)
    outbox.folder.mkdir(parents=True)
    project.add_migration(*migration)
    with locked_file(outbox.folder / "outbox.lock"):  # nothing gets into the outbox meanwhile
        process = project.start("deploy")
        project.wait_for_phase(phase, process)
        kill(process)
    assert program.taken == [] and outbox.waiting() == []
    deployment = max(path.stem for path in (project.storage / "journal").glob("*.jsonl"))
    for _ in range(2):
        project.run("backup")
    told = [one for one in outbox.done() if one.event.about == deployment]
    assert [(one.event.kind, one.event.state, one.progress) for one in told] == [(kind, phase, "delivered")]
    assert program.taken == [kind]
