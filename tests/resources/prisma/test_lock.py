"""The deployment lock, between connections and between processes."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from resources.errors import LockBusyError
from resources.mysql.connection import connect, execute, value
from resources.mysql.server import PrivateServer
from resources.prisma import lock as lock_module
from resources.prisma.lock import MigrationLock
from resources.target import Target

CHECKOUT = Path(__file__).resolve().parents[3]
HOLDER = """
import sys
from pathlib import Path
from resources.mysql.endpoint import Endpoint
from resources.prisma.lock import MigrationLock
from resources.target import Target
password, port = sys.stdin.readline().split()
nowhere = Path("/nonexistent")
endpoint = Endpoint("127.0.0.1", int(port), sys.argv[1], password)
MigrationLock(Target(endpoint, "d", nowhere, nowhere, nowhere, nowhere), "deploy").acquire()
print("held", flush=True)
sys.stdin.read()
"""


def holder(target: Target) -> subprocess.Popen[str]:
    """Another dbsync that holds the lock until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, target.endpoint.user],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )
    assert process.stdin and process.stdout
    process.stdin.write(f"{target.endpoint.password} {target.endpoint.port}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_is_prismas_and_ours(target: Target, lock: MigrationLock) -> None:
    lock.verify()
    with connect(target.endpoint) as other:
        assert value(other, "SELECT IS_USED_LOCK('prisma_migrate')") == lock.connection_id
        assert value(other, "SELECT GET_LOCK('prisma_migrate', 0)") == 0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that meet a busy lock but do not judge how long it is waited for."""
    monkeypatch.setattr(lock_module, "WAIT_SECONDS", 0)


def test_a_second_process_is_busy_within_5_seconds_and_names_the_holder(target: Target) -> None:
    process = holder(target)
    try:
        second = MigrationLock(target, "deploy")
        began = time.monotonic()
        with pytest.raises(LockBusyError) as error:
            second.acquire()
        assert time.monotonic() - began < 5
        assert second.connection_id is None
        why = error.value.why
        assert f"{target.endpoint.user}@" in why
        assert f"process {process.pid}" in why
        assert f"on {os.uname().nodename}" in why
        assert "dbsync deploy by" in why and "since 20" in why
        assert "KILL" in error.value.hint
    finally:
        process.kill()
        process.wait()


def test_kill_9_of_the_holder_frees_the_lock(target: Target) -> None:
    process = holder(target)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with MigrationLock(target, "deploy") as held:
        held.verify()


@pytest.mark.usefixtures("impatient")
def test_the_holder_is_named_without_access_to_performance_schema(
    target: Target, lock: MigrationLock, server: PrivateServer
) -> None:
    user = f"l_{target.database[2:]}"
    with server.connect() as admin:
        execute(admin, f"CREATE USER {user}@'%' IDENTIFIED BY 'secret-word'")
    poor = replace(target, endpoint=replace(target.endpoint, user=user, password="secret-word"))
    first = MigrationLock(poor, "deploy")
    try:
        # A holder of another account: only its number can be seen.
        with pytest.raises(LockBusyError, match="another deployment") as error:
            first.acquire()
        assert f"connection {lock.connection_id}" in error.value.why
        # A holder of the same account: its host and process as well.
        lock.release()
        first.acquire()
        with pytest.raises(LockBusyError) as error:
            MigrationLock(poor, "deploy").acquire()
        assert f"connection {first.connection_id} of {user}@" in error.value.why
        assert f"process {os.getpid()} there" in error.value.why
    finally:
        first.release()
        with server.connect() as admin:
            execute(admin, f"DROP USER {user}@'%'")


def test_release_frees_at_once_and_twice_is_harmless(target: Target) -> None:
    first = MigrationLock(target, "a")
    first.acquire()
    first.acquire()  # held already
    first.release()
    first.release()
    assert first.connection_id is None
    with MigrationLock(target, "b") as second:
        second.verify()


def test_a_killed_connection_is_a_lost_lock_and_can_be_taken_again(
    target: Target, lock: MigrationLock, server: PrivateServer
) -> None:
    with server.connect() as admin:
        execute(admin, f"KILL {lock.connection_id}")
    with pytest.raises(LockBusyError, match="lost"):
        lock.verify()
    lock.acquire()
    lock.verify()


@pytest.mark.slow
def test_the_lock_outlives_its_sessions_idle_time(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "_SESSION_SECONDS", 2)
    monkeypatch.setattr(lock_module, "_PING_SECONDS", 0.5)
    with MigrationLock(target, "deploy") as held:
        time.sleep(3)
        held.verify()
    monkeypatch.setattr(lock_module, "_PING_SECONDS", 60)
    with MigrationLock(target, "deploy") as held:  # the proof that the idle time would have ended it
        time.sleep(3)
        with pytest.raises(LockBusyError, match="lost"):
            held.verify()


@pytest.mark.usefixtures("impatient")
def test_prismas_switch_to_skip_the_lock_is_not_honoured(
    target: Target, lock: MigrationLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRISMA_SCHEMA_DISABLE_ADVISORY_LOCK", "1")
    with pytest.raises(LockBusyError):
        MigrationLock(target, "deploy").acquire()


@pytest.mark.usefixtures("impatient")
def test_a_failed_acquire_leaves_no_connection_behind(
    target: Target, lock: MigrationLock, server: PrivateServer
) -> None:
    with server.connect() as admin:
        count = "SELECT COUNT(*) FROM information_schema.processlist"
        before = value(admin, count)
        with pytest.raises(LockBusyError):
            MigrationLock(target, "deploy").acquire()
        until = time.monotonic() + 5
        while value(admin, count) > before and time.monotonic() < until:
            time.sleep(0.05)
        assert value(admin, count) == before
