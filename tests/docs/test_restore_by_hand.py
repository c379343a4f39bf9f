"""The commands of docs/restore-by-hand.md, run as they stand there on real backups."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.incremental.make import make_incremental_backup
from resources.backup.make import make_full_backup
from resources.mysql.connection import connect, execute
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import UnusableError
from resources.mysql.process_identity import processes_with_argument
from tests.resources.backup.conftest import awkward, world
from tests.support.age_keys import key_pair
from tests.support.mydumper import debian_mydumper
from tests.support.unpacked_tools import hand_tools

__all__ = ["awkward"]
pytestmark = pytest.mark.slow
ENGINES = ("clone", "mysqldump", "mydumper")
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "restore-by-hand.md").read_text(encoding="utf-8")


def block(heading: str) -> str:
    """The first shell block behind a heading that begins so."""
    part = PAGE[PAGE.index(f"## {heading}") :]
    found = re.search(r"```sh\n(.*?)```", part, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def out() -> Iterator[Path]:
    """Short: the path of a socket may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="dbsync-test-") as folder:
        yield Path(folder) / "out"
        # Whatever happened: a server whose files go fills the disk with complaints of it.
        for pid in processes_with_argument(f"--datadir={folder}/out/data"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            while Path(f"/proc/{pid}/exe").exists():
                time.sleep(0.02)


def incremental_backups(target) -> list[Path]:
    """Two, after DDL and rows of every kind of event."""
    made = []
    with connect(target.endpoint, target.database) as session:
        for number in (1, 2):
            execute(session, f"CREATE TABLE later{number} (id INT PRIMARY KEY, f FLOAT, j JSON, b LONGTEXT)")
            execute(session, f"INSERT INTO later{number} VALUES (1, 16777217, '[1.5]', REPEAT('x', 300000))")
            execute(session, f"UPDATE later1 SET f = {number}.5")
            made.append(Path(make_incremental_backup(target).file_path))
    return made


@pytest.fixture(params=["plain", "age"])
def sealed(request) -> bool:
    return request.param == "age"


@pytest.fixture
def plain(target, connection, tools):
    """What mydumper 0.10 brings back: it loses much of `awkward`. A zero date takes the server's sql_mode."""
    try:
        mydumper = debian_mydumper(tools)
    except UnusableError as error:
        pytest.skip(f"no mydumper to be had here: {error}")
    execute(connection, "CREATE TABLE item (id INT PRIMARY KEY, at DATE NOT NULL, raw BLOB, word TEXT)")
    execute(connection, "SET SESSION sql_mode = ''")
    execute(
        connection,
        "INSERT INTO item VALUES (1, '2024-02-29', x'00ff27', 'zwei 😀'), (2, '0000-00-00', '', '')",
    )
    execute(connection, "CREATE VIEW few AS SELECT id FROM item")
    execute(connection, "SET GLOBAL sql_mode = 'NO_ENGINE_SUBSTITUTION'")
    yield replace(target, mydumper=mydumper)
    execute(connection, "SET GLOBAL sql_mode = DEFAULT")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_person_with_age_zstd_and_mysqld_gets_equal_rows(
    request, installation, tools, tmp_path, out, engine, sealed
):
    source = request.getfixturevalue("plain" if engine == "mydumper" else "awkward")
    keys = key_pair(tmp_path / "key.txt")
    target = replace(source, backup_engine=engine)
    if sealed:
        target = replace(target, age_recipients=(keys.recipient,), age_identity=keys.path)
    was = world(target.endpoint, target.database)
    backup = Path(make_full_backup(target).manifest.file_path)
    increments = incremental_backups(target) if engine == "clone" else []
    now = world(target.endpoint, target.database)
    programs = hand_tools(tmp_path / "bin", installation, tools)
    if target.mydumper:
        (programs / "myloader").symlink_to(target.mydumper.with_name("myloader"))

    def run(script: str, folder: Path = backup) -> subprocess.CompletedProcess[str]:
        # A file, because a server that goes on in the background would keep a pipe open.
        said = tmp_path / "said"
        with said.open("w") as told:
            done = subprocess.run(
                ["sh", "-eu", "-c", script],
                env={
                    "PATH": f"{programs}:{os.environ['PATH']}",
                    "backup": str(folder),
                    "increments": " ".join(map(str, increments)),
                    "out": str(out),
                    "key": str(keys.path),
                    "database": target.database,
                },
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                timeout=240,
                check=False,
            )
        log = out / "mysqld.log"
        text = said.read_text() + (log.read_text()[-2000:] if log.exists() else "")
        return subprocess.CompletedProcess(script, done.returncode, text, "")

    for one in (backup, *increments):
        checked = run(block("Is every file"), one)
        assert checked.returncode == 0, checked.stdout
    restored = run(block(f'`"engine": "{engine}"`'))
    assert restored.returncode == 0, restored.stdout
    found = world(Endpoint("localhost", 0, "root", "", socket=out / "mysql.sock"), target.database)
    assert found == was
    if increments:
        went_on = run(block('`"type": "incremental"`'))
        assert went_on.returncode == 0, went_on.stdout
        found = world(Endpoint("localhost", 0, "root", "", socket=out / "mysql.sock"), target.database)
        assert found == now != was
    assert run(block("Then")).returncode == 0

    victim = next(path for path in (backup / "files").rglob("*.zst*") if path.is_file())
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    assert run(block("Is every file")).returncode != 0, "a damaged file is found by hand too"
    shutil.rmtree(backup)


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    "heading", [*(f'`"engine": "{name}"`' for name in ENGINES), '`"type": "incremental"`']
)
def test_where_everything_fails_the_blocks_end_and_the_readers_shell_stays(tmp_path, heading, shell):
    programs, backup = tmp_path / "bin", tmp_path / "backup"
    programs.mkdir()
    for name in ("mysqld", "mysql", "mysqlbinlog", "myloader", "zstd", "age"):
        (programs / name).write_text(f"#!/bin/sh\necho {name} failed >&2\nexit 1\n")
        (programs / name).chmod(0o755)
    for folder in ("mydumper", "binlogs"):
        (backup / "files" / folder).mkdir(parents=True)
        (backup / "files" / folder / "one.zst").touch()
    facts = {"folders": [], "server_variables": {"sql_mode": ""}, "binlog_position": 4}
    (backup / "manifest.json").write_text(json.dumps({"manifest": facts}))
    # Without -e, as a person's shell is.
    done = subprocess.run(
        [shell, "-c", f"{block(heading)}\necho the shell stays"],
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "backup": str(backup),
            "increments": str(backup),
            "out": str(tmp_path / "out"),
            "key": str(tmp_path / "key"),
            "database": "shop",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.endswith("the shell stays\n"), done.stderr
    assert "failed" in done.stderr
