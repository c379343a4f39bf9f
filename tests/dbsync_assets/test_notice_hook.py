"""What runs by the clock and fails tells people; what they are told changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.archive import stored_path
from resources.backup.standing import standing
from resources.notify.outbox import Outbox
from tests.dbsync_assets.test_prove_backup import _newest, instance, run
from tests.support.receiver import Receiver, answering

__all__ = ["instance", "run"]
pytestmark = pytest.mark.slow
SCHEDULE = {"dagster/schedule_name": "prove_backup_schedule"}


@pytest.fixture
def damaged(run, target):
    """The newest backup lacks a byte."""
    assert run("backup").success
    manifest = _newest(target)
    victim = stored_path(Path(manifest.file_path), max(manifest.files, key=lambda f: f.stored_length).path)
    victim.write_bytes(victim.read_bytes()[:-1])
    return manifest


@pytest.fixture
def receiver():
    opened = Receiver(answering("200 OK"))
    yield opened
    opened.close()


def test_a_scheduled_proof_that_fails_is_told_and_one_that_a_person_asked_for_is_not(
    run, target, damaged, receiver
):
    told = replace(target, webhook=receiver.url)
    assert not run("prove_backup", None, told).success
    assert receiver.requests == [], "who typed it has seen it"
    assert not run("prove_backup", None, told, **SCHEDULE).success
    notice = json.loads(receiver.body)
    assert notice["outcome"] == "backup-corrupt" and notice["target"] == target.name
    assert damaged.id in notice["reason"] and "prove_backup_schedule" in notice["reason"]
    assert notice["error"]["exit_code"] == 21
    assert target.endpoint.password not in receiver.body.decode()


def test_a_dead_webhook_changes_nothing_and_the_notice_is_kept(run, target, damaged):
    dead = replace(target, webhook="http://127.0.0.1:9/hook")
    result = run("prove_backup", None, dead, **SCHEDULE)
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert damaged.id in str(failure.step_failure_data.error)
    assert standing(damaged).failed and standing(damaged).proofs == 2
    [one] = Outbox(target.storage).waiting()
    assert one.event.kind == "backup" and one.event.facts["outcome"] == "backup-corrupt"


def test_a_scheduled_backup_that_fails_is_told_and_a_good_one_is_not(run, target, receiver):
    told = replace(target, webhook=receiver.url)
    by_clock = {"dagster/schedule_name": "backup_schedule"}
    assert run("backup", None, told, **by_clock).success
    assert receiver.requests == []
    impossible = replace(told, backup_engine="mydumper", mydumper=Path("/nonexistent/mydumper"))
    assert not run("backup", None, impossible, **by_clock).success
    assert "backup_schedule" in json.loads(receiver.body)["reason"]
