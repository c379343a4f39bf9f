from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from resources.errors import AuthenticationError, DiskFullError, EnvironmentCheckError
from resources.mysql.connection import connect, execute, rows, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.process_identity import command_line
from resources.mysql.server import PrivateServer
from resources.settings import CHECKOUT


def test_a_new_server_answers_over_its_socket_and_not_over_tcp(make_server):
    server = make_server()
    with server.connect() as admin:
        assert value(admin, "SELECT CURRENT_USER()") == "root@localhost"
        assert value(admin, "SELECT @@skip_networking") == 1
        assert value(admin, "SELECT @@log_bin") == 0
    assert server.version.split(".")[0] in ("8", "9")


def test_its_folder_is_for_its_owner_only_and_no_file_in_it_is_open_to_others(server):
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    for name in ("server.json", "mysqld.pid", "error.log"):
        assert stat.S_IMODE((server.folder / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(server.datadir.stat().st_mode) == 0o700


def test_over_tcp_it_takes_the_password_and_nothing_else(server):
    with connect(server.tcp_endpoint) as admin:
        assert value(admin, "SELECT @@bind_address") == "127.0.0.1"
    with pytest.raises(AuthenticationError):
        connect(Endpoint("127.0.0.1", server.port, "root", ""))
    with pytest.raises(AuthenticationError):
        connect(Endpoint("localhost", 0, "root", "", socket=server.socket))


def test_the_password_is_neither_in_argv_nor_left_in_a_file_of_statements(server):
    password = server.tcp_endpoint.password
    assert password not in " ".join(command_line(server.pid))
    assert not (server.folder / "accounts.sql").exists()
    assert password not in repr(server.tcp_endpoint)


def test_variables_given_by_the_caller_win(make_server):
    server = make_server(variables={"log-bin": "ON", "server_id": "77", "performance_schema": "ON"})
    with server.connect() as admin:
        assert rows(admin, "SELECT @@log_bin, @@server_id, @@performance_schema") == [(1, 77, 1)]


@pytest.mark.slow
def test_fixed_variables_are_remembered_for_every_start(make_server, installation):
    server = make_server(init_variables={"lower_case_table_names": "1", "innodb_page_size": "8192"})
    server.stop()
    again = PrivateServer.on_datadir(installation, server.folder)
    with again, again.connect() as admin:
        assert rows(admin, "SELECT @@lower_case_table_names, @@innodb_page_size") == [(1, 8192)]


def test_two_servers_have_their_own_uuid(make_server):
    uuids = set()
    for server in (make_server(), make_server()):
        with server.connect() as admin:
            uuids.add(value(admin, "SELECT @@server_uuid"))
    assert len(uuids) == 2


def test_what_was_committed_is_there_after_stop_and_start(make_server):
    server = make_server(tcp=True)
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE kept")
        execute(admin, "CREATE TABLE kept.t (i INT)")
        execute(admin, "INSERT INTO kept.t VALUES (7)")
    socket, port = server.socket, server.port
    server.stop()
    assert not server.is_running and server.pid is None
    server.start()
    assert (server.socket, server.port) == (socket, port)
    with connect(server.tcp_endpoint) as admin:
        assert value(admin, "SELECT i FROM kept.t") == 7


def test_a_server_that_ended_by_itself_is_seen_and_can_be_started_again(make_server):
    server = make_server()
    with server.connect() as admin:
        execute(admin, "SHUTDOWN")
    assert server._gone_within(20)
    server.start()
    assert server.is_running


def test_a_killed_server_starts_again(make_server):
    server = make_server()
    server.kill()
    assert not server.is_running
    server.start()
    with server.connect() as admin:
        assert value(admin, "SELECT 1") == 1


def test_skip_grants_lets_in_without_a_password_and_closes_tcp(make_server):
    server = make_server(tcp=True, start=False)
    server.start(skip_grants=True)
    with connect(Endpoint("localhost", 0, "anyone", "", socket=server.socket)) as admin:
        assert value(admin, "SELECT @@skip_networking") == 1


def test_a_port_taken_meanwhile_is_replaced_by_a_free_one(make_server):
    first = make_server(tcp=True)
    second = make_server(tcp=True, start=False)
    second._settings.port = first.port
    second.start()
    assert second.port != first.port
    with connect(second.tcp_endpoint) as admin:
        assert value(admin, "SELECT @@port") == second.port


def test_a_folder_with_a_long_path_gets_its_socket_elsewhere_and_leaves_nothing_behind(
    installation, tmp_path
):
    folder = tmp_path / ("long" * 30)
    server = PrivateServer.create(installation, folder)
    elsewhere = server.socket.parent
    assert elsewhere != folder and stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    with server:
        with server.connect() as admin:
            assert value(admin, "SELECT 1") == 1
    assert not elsewhere.exists()
    server.start()
    assert server.socket.exists()
    server.discard()
    assert not folder.exists() and not elsewhere.exists()


def test_a_failed_start_says_why_in_the_servers_words_and_leaves_no_process(make_server):
    server = make_server(start=False, variables={"innodb_no_such_thing": "1"})
    with pytest.raises(EnvironmentCheckError) as caught:
        server.start()
    assert "innodb-no-such-thing" in caught.value.why
    assert not server.is_running


def test_a_copied_servers_own_events_and_settings_do_not_act_here(make_server, installation):
    server = make_server(variables={"event_scheduler": "ON"})
    with server.connect() as admin:
        execute(admin, "SET PERSIST max_connections = 17")
        assert value(admin, "SELECT @@event_scheduler") == "ON"
    server.stop()
    again = PrivateServer.on_datadir(installation, server.folder)
    with again, again.connect() as admin:
        assert value(admin, "SELECT @@event_scheduler") == "OFF"
        assert value(admin, "SELECT @@max_connections") != 17


def test_another_process_finds_a_running_server_by_its_folder(make_server, installation):
    server = make_server(tcp=True)
    found = PrivateServer.on_datadir(installation, server.folder)
    assert found.is_running and found.pid == server.pid
    with connect(found.tcp_endpoint) as admin:
        assert value(admin, "SELECT 1") == 1
    found.stop()
    assert not server.is_running


_IN_A_TERMINAL = """
import sys, time
from pathlib import Path
from resources.mysql.get import get_mysql
from resources.mysql.server import PrivateServer
server = PrivateServer.create(get_mysql(Path(sys.argv[1])), Path(sys.argv[2]))
server.start()
try:
    print("runs", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    server.leave_running()
    print("interrupted", flush=True)
"""


def test_ctrl_c_in_the_terminal_reaches_dbsync_and_not_its_server(installation, tmp_path: Path):
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
        tools = str(installation.tools)
        os.execve(
            sys.executable, [sys.executable, "-c", _IN_A_TERMINAL, tools, str(tmp_path / "s")], environment
        )
    said = _read_until(terminal, b"runs")
    os.write(terminal, b"\x03")
    _read_until(terminal, b"interrupted")
    os.waitpid(pid, 0)
    os.close(terminal)
    server = PrivateServer.on_datadir(installation, tmp_path / "s")
    assert server.is_running, said
    with server.connect() as admin:
        assert value(admin, "SELECT 1") == 1
    server.stop()


def _read_until(terminal: int, word: bytes) -> bytes:
    """What the terminal shows; an OSError when the other side ends without it."""
    said = b""
    while word not in said:
        said += os.read(terminal, 1024)
    return said


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounts a small disk")
def test_a_full_disk_is_named_as_such(installation, tmp_path: Path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(DiskFullError):
            PrivateServer.create(installation, small / "m")
        assert not (small / "m" / "data").exists()
    finally:
        subprocess.run(["umount", str(small)], check=True)
