"""Backups by mysqldump, for servers that cannot be cloned; and dumps that look fine and are not."""

from __future__ import annotations

import shlex
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup import by_dump, engine, make
from resources.backup.catalog import list_backups
from resources.backup.dump import TableChangedError
from resources.backup.make import make_full_backup
from resources.backup.open import open_backup
from resources.backup.verify import verify_backup
from resources.errors import BackupFailedError
from resources.mysql.connection import execute, rows
from resources.mysql.installation import MysqlInstallation
from tests.resources.backup.conftest import leftovers, run_file, world

pytestmark = pytest.mark.slow


@pytest.fixture
def dumped(awkward):
    return replace(awkward, backup_engine="mysqldump")


@pytest.fixture
def with_program(installation, tmp_path, monkeypatch):
    """Put a script in the place of mysqldump; `$REAL` in it runs the real one."""

    def put(script: str, version: str = installation.version) -> None:
        real = shlex.join(installation.command("mysqldump"))
        path = tmp_path / "fake-mysqldump"
        asks = '[ "$2" = --help ] && exec "${REAL[@]}" "$@"\n'
        path.write_text(f"#!/bin/bash\nPATH=/usr/bin:/bin\nREAL=({real})\n{asks}{script}")
        path.chmod(0o700)
        programs = {**installation.programs, "mysqldump": path}

        class Faked(MysqlInstallation):
            def command(self, program: str) -> list[str]:
                return [str(path)] if program == "mysqldump" else super().command(program)

        faked = Faked(installation.root, version, programs, installation.tools, installation.loader)
        monkeypatch.setattr(make, "get_mysql", lambda *arguments: faked)

    return put


def test_everything_a_dump_can_keep_comes_back_equal(dumped, connection, said, tmp_path):
    was = world(dumped.endpoint, dumped.database)
    position = rows(connection, "SHOW BINARY LOG STATUS")[0]
    manifest = make_full_backup(dumped).manifest
    assert manifest.engine == "mysqldump" and manifest.engine_reason == "BACKUP_ENGINE asks for it"
    assert manifest.proof.proven
    assert manifest.notes == ()
    assert manifest.tables == was.digests
    assert (manifest.binlog_file, manifest.binlog_position) == (position[0], position[1])
    assert leftovers(dumped) == []
    opened = open_backup(dumped, manifest.id, tmp_path / "opened")
    try:
        assert world(opened.endpoint, dumped.database) == was
    finally:
        opened.discard()
    assert verify_backup(dumped, manifest.id).proof.proven


@pytest.mark.parametrize(
    ("file", "table", "column"),
    [("lossy.sql", "floats", "ratio (FLOAT)"), ("typed.sql", "typed", "body (JSON)")],
)
def test_what_mysqldump_changes_makes_the_proof_fail_naming_table_and_column(
    dumped, connection, file, table, column
):
    run_file(connection, Path(__file__).with_name(file))
    was = world(dumped.endpoint, dumped.database)
    with pytest.raises(BackupFailedError, match="does not hold what the database holds") as error:
        make_full_backup(dumped)
    assert error.value.where == f"`{table}`" and column in error.value.why
    assert f"BACKUP_ACCEPT_LOSSY={table}" in error.value.hint
    assert list_backups(dumped.storage) == [] and leftovers(dumped) == []
    assert world(dumped.endpoint, dumped.database) == was


@pytest.mark.parametrize(
    ("script", "said_by_error"),
    [
        ('"${REAL[@]}" "$@" | head -c 20000', "before the end"),
        ('"${REAL[@]}" "$@"; exit 3', "ended with 3"),
        ('echo "mysqldump: Got error: 2013: Lost connection" >&2; exit 2', "Lost connection"),
        ("exit 0", "Dump completed"),
        ("kill -9 $$", "ended with -9"),
        ('"${REAL[@]}" "$@" | head -c 20000; kill -9 $$', "ended with -9"),
        ('"${REAL[@]}" "$@" | head -c -20; kill -9 $$', "ended with -9"),
    ],
    ids=[
        "truncated with exit 0",
        "whole with exit 3",
        "nothing",
        "empty with exit 0",
        "killed at once",
        "killed half-way",
        "killed at its last line",
    ],
)
def test_a_dump_is_whole_only_with_exit_code_and_last_line(dumped, with_program, script, said_by_error):
    with_program(script)
    with pytest.raises(BackupFailedError) as error:
        make_full_backup(dumped)
    assert said_by_error in str(error.value)
    assert list_backups(dumped.storage) == [] and leftovers(dumped) == []


def test_a_table_altered_meanwhile_is_dumped_once_more_and_only_once(dumped, with_program, tmp_path, said):
    counter = tmp_path / "count"

    def fail(times: int) -> None:
        said = "mysqldump: Error 1412: Table definition has changed, please retry transaction"
        with_program(
            f"echo x >> {counter}\n"
            f'if [ $(wc -l < {counter}) -le {times} ]; then echo "{said}" >&2; exit 3; fi\n'
            'exec "${REAL[@]}" "$@"'
        )

    fail(1)
    assert make_full_backup(dumped).manifest.proof.proven
    assert any("once more" in line for line in said.lines)
    counter.unlink()
    fail(9)
    with pytest.raises(TableChangedError):
        make_full_backup(dumped)
    assert counter.read_text().count("x") == 2
    assert len(list_backups(dumped.storage)) == 1 and leftovers(dumped) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE words FORCE, ALGORITHM=COPY",
        "ALTER TABLE words ADD COLUMN more INT DEFAULT 5, ALGORITHM=COPY",
        "RENAME TABLE words TO xwords",
    ],
)
def test_a_real_alter_during_the_dump_makes_it_fail_and_the_second_one_good(
    dumped, with_program, server, tmp_path, said, change
):
    """mysqldump stands still in the middle of its snapshot, and a table that it has not read is rebuilt."""
    started, reached, go = (tmp_path / name for name in ("started", "reached", "go"))
    with_program(
        f'[ -e {started} ] && exec "${{REAL[@]}}" "$@"\ntouch {started}\n'
        f'"${{REAL[@]}}" "$@" | {{ head -c 100000; touch {reached}; '
        f"until [ -e {go} ]; do sleep 0.05; done; cat; }}\n"
        "exit ${PIPESTATUS[0]}"
    )

    def alter() -> None:
        while not reached.exists():
            threading.Event().wait(0.02)
        with server.connect(dumped.database) as mine:
            execute(mine, change)
        go.touch()

    altering = threading.Thread(target=alter)
    altering.start()
    try:
        manifest = make_full_backup(dumped).manifest
    finally:
        altering.join()
    assert any("altered while it was being dumped" in line for line in said.lines)
    now = world(dumped.endpoint, dumped.database)
    assert manifest.proof.proven and manifest.tables == now.digests
    assert dict(manifest.schema.tables) == now.schema["tables"]
    assert [one.id for one in list_backups(dumped.storage)] == [manifest.id] and leftovers(dumped) == []


def test_rows_lost_on_the_way_are_noticed_though_the_dump_says_completed(dumped, with_program):
    with_program('"${REAL[@]}" "$@" | grep -v "INSERT INTO .parts."')
    with pytest.raises(BackupFailedError) as error:
        make_full_backup(dumped)
    assert "2 rows became 0" in error.value.why
    assert list_backups(dumped.storage) == []


def test_an_object_lost_on_the_way_is_noticed(dumped, with_program):
    with_program('set -- "${@/--events/--skip-events}"\nexec "${REAL[@]}" "$@"')
    with pytest.raises(BackupFailedError, match="schema") as error:
        make_full_backup(dumped)
    assert "events: nightly" in error.value.where
    assert list_backups(dumped.storage) == []


def test_an_older_mysqldump_is_refused_naming_both_versions(dumped, with_program, server):
    with_program("exit 99", version="8.0.36")
    with pytest.raises(BackupFailedError) as error:
        make_full_backup(dumped)
    assert "8.0.36" in error.value.what and server.version in error.value.what
    assert list_backups(dumped.storage) == [] and leftovers(dumped) == []


def test_the_password_is_in_no_argument_and_no_environment(dumped, with_program, tmp_path):
    seen = tmp_path / "seen"
    with_program(f'tr "\\0" "\\n" < /proc/$$/cmdline >> {seen}; env >> {seen}\nexec "${{REAL[@]}}" "$@"')
    make_full_backup(dumped)
    text = seen.read_text()
    assert "--single-transaction" in text and dumped.endpoint.password not in text
    left = [path for top in (dumped.storage, dumped.state) for path in top.rglob("*.cnf")]
    assert left == []


@pytest.fixture
def busy(dumped, connection, server, monkeypatch):
    """A table `busy` with these columns besides its id, written to all the time."""
    monkeypatch.setattr(by_dump, "_PATIENCE", 0.0)
    stop = threading.Event()
    writers: list[threading.Thread] = []

    def start(columns: str) -> None:
        execute(connection, f"CREATE TABLE busy (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY{columns})")

        def write() -> None:
            with server.connect(dumped.database) as mine:
                while not stop.is_set():
                    execute(mine, "INSERT INTO busy () VALUES ()")

        writers.append(threading.Thread(target=write))
        writers[0].start()

    yield start
    stop.set()
    for writer in writers:
        writer.join()


def test_a_table_that_is_written_all_the_time_is_noted_and_the_rest_still_compared(dumped, busy):
    busy("")
    manifest = make_full_backup(dumped).manifest
    assert "`busy` was written during the dump" in manifest.notes[0]
    assert "1 note)" in manifest.proof.result


def test_floats_written_all_the_time_make_a_dump_unproven(dumped, busy):
    busy(", f FLOAT DEFAULT 16777217")
    with pytest.raises(BackupFailedError) as refused:
        make_full_backup(dumped)
    assert "FLOAT" in refused.value.why and "`busy`" in refused.value.where
    assert list_backups(dumped.storage) == [] and leftovers(dumped) == []


def test_a_small_database_in_a_large_instance_is_dumped(awkward, monkeypatch, said):
    monkeypatch.setattr(engine, "_LARGE_INSTANCE", 1)
    monkeypatch.setattr(engine, "_SMALL_PART", 0)
    manifest = make_full_backup(awkward).manifest
    assert manifest.engine == "mysqldump" and "the database is only" in manifest.engine_reason
