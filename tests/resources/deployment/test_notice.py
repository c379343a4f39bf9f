"""Which kind of event each outcome of a deployment is."""

from __future__ import annotations

import json

import pytest

from resources.deployment.deployment import Deployment
from resources.deployment.notice import kind_of, send_notice, telling_of_failure
from resources.errors import (
    BackupCorruptError,
    ConnectTimeoutError,
    DbsyncError,
    NoSuchBackupError,
    RestoreFailedError,
    RestoreRefusedError,
    RollbackRefusedError,
)
from tests.resources.notify.conftest import receiver, told
from tests.support.receiver import answering

__all__ = ["receiver", "told"]


@pytest.fixture
def deployment(receiver, told):
    there = receiver(answering("200 OK"))
    made = Deployment(told(webhook=there.url))
    return made, there


def bodies(there) -> list[dict]:
    return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in there.requests]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("released", "success"),
        ("failed", "failure"),
        ("rolled_back", "rollback"),
        ("rollback-refused", "decision"),
        ("rollback-incomplete", "rollback_incomplete"),
        ("unreachable", "rollback_incomplete"),
    ],
)
def test_each_outcome_is_of_its_kind_and_its_json_is_the_evidence(deployment, outcome, kind):
    made, there = deployment
    made.id = "20261126T000000.000Z-00000-abcdef"
    send_notice(made, outcome, "why")
    (body,) = bodies(there)
    assert body["event"]["kind"] == kind and body["event"]["about"] == made.id
    assert (body["outcome"], body["reason"], body["target"]) == (outcome, "why", "shop@db:3306")
    assert body.keys() >= {"deployment", "commit", "backup", "migration", "rollback", "error", "timings"}


def test_the_next_command_is_the_one_of_the_error(deployment):
    made, there = deployment
    hint = "dbsync rollback --deployment 7 --accept-loss"
    made.error = RollbackRefusedError("3 rows would be lost", hint=hint)
    send_notice(made, made.error.code, made.error.what)
    assert bodies(there)[0]["event"]["next"] == hint


def test_the_same_refusal_of_the_same_commit_is_told_once_and_another_one_too(deployment):
    made, there = deployment
    for code in (NoSuchBackupError("a"), NoSuchBackupError("a"), ConnectTimeoutError("b")):
        made.error = code
        send_notice(made, "failed", code.what)
    assert [body["error"]["code"] for body in bodies(there)] == ["no-such-backup", "connect-timeout"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RestoreFailedError("half"), "rollback_incomplete"),
        (BackupCorruptError("a byte"), "backup"),
        (ConnectTimeoutError("away"), "failure"),
        (RestoreRefusedError("rows"), None),
        (NoSuchBackupError("typo"), None),
    ],
)
def test_a_restore_that_fails_pages_and_one_that_is_refused_does_not(deployment, error, kind):
    made, there = deployment

    def work() -> None:
        raise error

    with pytest.raises(DbsyncError) as caught:
        telling_of_failure(made, "restore of 7", work)
    assert caught.value is error
    assert [body["event"]["kind"] for body in bodies(there)] == ([kind] if kind else [])


def test_what_became_of_a_killed_deployment_is_of_the_kind_of_its_end():
    assert kind_of("failed") == "failure" and kind_of("rolled_back") == "rollback"
    assert kind_of("rollback_refused") == "decision" and kind_of("released") == "success"
    assert kind_of("abandoned") == "rollback_incomplete"
