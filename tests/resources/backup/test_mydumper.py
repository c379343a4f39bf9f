"""The distribution's mydumper 0.10 on a real MySQL: refused for what it loses, used where it is forced."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup import mydumper, mydumper_watch
from resources.backup.catalog import list_backups, load_manifest
from resources.backup.make import make_full_backup
from resources.backup.mydumper import position
from resources.backup.mydumper_tool import find_mydumper
from resources.backup.mydumper_trial import VERDICT, why_not
from resources.backup.mydumper_watch import Watch, newest_connection
from resources.backup.open import open_backup
from resources.backup.verify import verify_backup
from resources.child_environment import mysql_environment
from resources.errors import BackupCorruptError, BackupFailedError, EnvironmentCheckError
from resources.mysql.connection import execute, option_file, rows
from tests.resources.backup.conftest import leftovers, world

pytestmark = pytest.mark.slow


@pytest.fixture
def plain(target, connection, debian):
    """Nothing that mydumper 0.10 loses, and nothing but InnoDB: with MyISAM it may hang (mydumper_watch)."""
    execute(connection, "CREATE TABLE old (id INT NOT NULL PRIMARY KEY, body TEXT)")
    execute(connection, "INSERT INTO old VALUES (1, 'one'), (2, 'zwei 😀')")
    execute(connection, "CREATE TABLE plain (id INT NOT NULL PRIMARY KEY, n DECIMAL(10,2), b BLOB)")
    execute(connection, "INSERT INTO plain VALUES (1, 1.10, x'00ff27'), (2, NULL, '')")
    execute(connection, "CREATE VIEW some AS SELECT id FROM plain")
    execute(connection, "CREATE TRIGGER checked BEFORE INSERT ON plain FOR EACH ROW SET NEW.n = NEW.n + 0")
    return replace(target, mydumper=debian)


@pytest.fixture
def uncloneable(plain, connection):
    execute(connection, "ALTER TABLE old ENGINE = MyISAM")
    return plain


@pytest.fixture
def forced(plain):
    return replace(plain, backup_engine="mydumper")


@pytest.fixture
def wrapped(forced, debian, tmp_path):
    """The same target with scripts in the place of the two; `$REAL` in them is the real program."""

    def wrap(dumper: str = 'exec "$REAL" "$@"', loader: str = 'exec "$REAL" "$@"'):
        folder = tmp_path / "wrapped"
        folder.mkdir(exist_ok=True)
        for name, script in (("mydumper", dumper), ("myloader", loader)):
            path = folder / name
            real = shlex.quote(str(debian.with_name(name)))
            head = f'#!/bin/bash\nPATH=/usr/bin:/bin\nREAL={real}\n[ "$1" = --help ] || [ "$1" = --version ]'
            path.write_text(f'{head} && exec "$REAL" "$@"\n{script}\n')
            path.chmod(0o700)
        return replace(forced, mydumper=folder / "mydumper")

    return wrap


def test_a_version_that_loses_things_is_refused_with_the_reason_and_mysqldump_is_taken(uncloneable, said):
    was = world(uncloneable.endpoint, uncloneable.database)
    manifest = make_full_backup(uncloneable).manifest
    assert manifest.engine == "mysqldump" and manifest.proof.proven
    for reason in ("MyISAM", "mydumper 0.10.0 is not used", "crashed"):
        assert reason in manifest.engine_reason
    assert f"backup by mysqldump: {manifest.engine_reason}" in said.lines
    assert manifest.tables == was.digests
    assert leftovers(uncloneable) == []


def test_the_test_run_is_made_once_and_again_for_another_program(uncloneable, installation, debian, tmp_path):
    tool = find_mydumper(uncloneable)
    found = why_not(uncloneable, tool, installation)
    assert found
    verdict = uncloneable.state / VERDICT
    kept = json.loads(verdict.read_text()) | {"why_not": "as it was kept"}
    verdict.write_text(json.dumps(kept))
    assert why_not(uncloneable, tool, installation) == "as it was kept"
    for name in ("mydumper", "myloader"):
        (tmp_path / name).write_text(debian.with_name(name).read_text())
        (tmp_path / name).chmod(0o700)
    other = find_mydumper(replace(uncloneable, mydumper=tmp_path / "mydumper"))
    assert why_not(uncloneable, other, installation) == found


def test_what_a_version_without_the_crash_would_still_lose_is_named(
    uncloneable, installation, monkeypatch, tmp_path
):
    """0.10 crashes on a name with a backtick; without that name its other losses come to light."""
    traps = Path(mydumper.__file__).with_name("mydumper_traps.sql").read_text(encoding="utf-8")
    path = tmp_path / "traps.sql"
    path.write_text(";;\n".join(one for one in traps.split(";;\n") if "we``ird" not in one), encoding="utf-8")
    monkeypatch.setattr("resources.backup.mydumper_trial.TRAPS", path)
    found = why_not(uncloneable, find_mydumper(uncloneable), installation)
    assert "`hidden`" in found, "values of INVISIBLE columns"
    assert "does not divide a table" in found and "position in the binary log" in found
    assert "routine FUNCTION twice" in found


def test_forced_it_makes_a_backup_that_is_proven_by_loading_and_comes_back_equal(forced, said, tmp_path):
    was = world(forced.endpoint, forced.database)
    manifest = make_full_backup(forced).manifest
    assert manifest.engine == "mydumper" and manifest.proof.proven and manifest.proof.of == "archive"
    assert manifest.engine_reason == "BACKUP_ENGINE asks for it (mydumper 0.10.0)"
    assert f"backup by mydumper: {manifest.engine_reason}" in said.lines
    assert manifest.tables == was.digests and manifest.proof.restore_seconds > 0
    assert all(file.path.startswith("mydumper/") for file in manifest.files)
    assert leftovers(forced) == []
    assert load_manifest(forced.storage, manifest.id) == manifest
    opened = open_backup(forced, manifest.id, tmp_path / "opened")
    try:
        assert world(opened.endpoint, forced.database) == was
    finally:
        opened.discard()
    assert verify_backup(forced, manifest.id).proof.proven
    victim = next((forced.storage / manifest.id / "files").rglob("*.plain.sql.zst"))
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(BackupCorruptError, match=victim.name):
        verify_backup(forced, manifest.id)


@pytest.mark.parametrize(
    ("statements", "where", "why"),
    [
        (
            [
                "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, h INT NOT NULL DEFAULT 7 INVISIBLE)",
                "INSERT INTO t (id, h) VALUES (1, 42)",
            ],
            "`t`",
            "h (INVISIBLE)",
        ),
        (
            ["CREATE TABLE t (id INT NOT NULL PRIMARY KEY, f FLOAT)", "INSERT INTO t VALUES (1, 16777217)"],
            "`t`",
            "f (FLOAT)",
        ),
        (
            ["CREATE FUNCTION twice (n INT) RETURNS INT DETERMINISTIC NO SQL RETURN n * 2"],
            "",
            "myloader ended with 1",
        ),
    ],
    ids=["invisible", "float", "routine"],
)
def test_what_it_loses_makes_the_proof_fail_naming_it(forced, connection, statements, where, why):
    for statement in statements:
        execute(connection, statement)
    was = world(forced.endpoint, forced.database)
    with pytest.raises(BackupFailedError) as error:
        make_full_backup(forced)
    assert where in error.value.where and why in f"{error.value.what} {error.value.why}"
    assert list_backups(forced.storage) == [] and leftovers(forced) == []
    assert world(forced.endpoint, forced.database) == was


def test_what_it_loses_is_accepted_by_the_tables_name_and_noted(forced, connection, tmp_path):
    execute(connection, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, h INT DEFAULT 7 INVISIBLE, f FLOAT)")
    execute(connection, "INSERT INTO t (id, h, f) VALUES (1, 42, 16777217)")
    accepting = replace(forced, accept_lossy=frozenset({"t"}))
    manifest = make_full_backup(accepting).manifest
    assert manifest.engine == "mydumper" and manifest.proof.proven
    [note] = manifest.notes
    assert "`t`" in note and "h (INVISIBLE), f (FLOAT); accepted by BACKUP_ACCEPT_LOSSY" in note
    opened = open_backup(accepting, manifest.id, tmp_path / "opened")
    try:
        with opened.connect(forced.database) as there:
            assert rows(there, "SELECT id, h, CAST(f AS DOUBLE) FROM t") == [(1, 7, 16777200.0)]
    finally:
        opened.discard()


def _removing(pattern: str) -> str:
    """A dumper that loses files and says nothing."""
    return f'"$REAL" "$@"; for a; do case $a in --outputdir=*) rm "${{a#*=}}"/{pattern};; esac; done'


@pytest.mark.parametrize(
    ("scripts", "text"),
    [
        ({"dumper": '"$REAL" "$@"; exit 3'}, "mydumper ended with 3"),
        ({"dumper": _removing("metadata")}, "before the end of its dump"),
        ({"dumper": "kill -SEGV $$"}, "mydumper crashed (SIGSEGV)"),
        ({"dumper": _removing("*.plain.sql")}, "2 rows became 0"),
        ({"loader": '"$REAL" "$@"; exit 1'}, "myloader ended with 1"),
        ({"loader": "exit 0"}, "tables are missing after the load"),
    ],
    ids=["exit code", "no metadata", "crash", "a file lost", "loader's exit code", "nothing loaded"],
)
def test_a_dump_or_load_that_is_not_whole_is_no_backup(wrapped, scripts, text):
    broken = wrapped(**scripts)
    with pytest.raises(BackupFailedError) as error:
        make_full_backup(broken)
    assert text in str(error.value)
    assert list_backups(broken.storage) == [] and leftovers(broken) == []


def passing(target, connection, installation):
    """With BACKUP_ENGINE=auto, no clone possible, and a kept verdict that finds nothing wrong."""
    execute(connection, "ALTER TABLE old ENGINE = MyISAM")
    auto = replace(target, backup_engine="auto")
    why_not(auto, find_mydumper(auto), installation)
    verdict = auto.state / VERDICT
    verdict.write_text(json.dumps(json.loads(verdict.read_text()) | {"why_not": ""}))
    return auto


def test_where_it_fails_after_a_good_test_run_mysqldump_is_taken_and_says_so(
    wrapped, connection, installation
):
    manifest = make_full_backup(passing(wrapped(dumper="kill -SEGV $$"), connection, installation)).manifest
    assert manifest.engine == "mysqldump" and manifest.proof.proven
    assert "passed its test run, and then failed: mydumper crashed" in manifest.engine_reason


def test_a_table_altered_meanwhile_is_dumped_once_more_and_only_once(wrapped, tmp_path, said):
    counter = tmp_path / "count"
    complains = "** CRITICAL **: Could not read data from db.t: Table definition has changed, please retry"

    def failing(times: int):
        return wrapped(
            dumper=f"echo x >> {counter}\n"
            f'if [ $(wc -l < {counter}) -le {times} ]; then echo "{complains}" >&2; exit 1; fi\n'
            'exec "$REAL" "$@"'
        )

    assert make_full_backup(failing(1)).manifest.proof.proven
    assert any("once more" in line for line in said.lines)
    counter.unlink()
    with pytest.raises(BackupFailedError, match="altered"):
        make_full_backup(failing(9))
    assert counter.read_text().count("x") == 2


def test_the_password_is_in_no_argument_and_no_environment_and_files_are_private(wrapped, tmp_path):
    seen, modes = tmp_path / "seen", tmp_path / "modes"
    spy = f'tr "\\0" "\\n" < /proc/$$/cmdline >> {seen}; env >> {seen}\n"$REAL" "$@" || exit 1\n'
    watched = wrapped(
        dumper=spy + f'for a; do case $a in --outputdir=*) stat -c %a "${{a#*=}}"/* > {modes};; esac; done',
        loader=spy,
    )
    make_full_backup(watched)
    text = seen.read_text()
    assert "--outputdir" in text and "--directory" in text and watched.endpoint.password not in text
    assert set(modes.read_text().split()) == {"600"}
    assert [path for top in (watched.storage, watched.state) for path in top.rglob("*.cnf")] == []


def test_without_a_myloader_its_backup_is_refused_with_what_to_install(forced, tmp_path, monkeypatch):
    manifest = make_full_backup(forced).manifest
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentCheckError) as error:
        open_backup(replace(forced, mydumper=None), manifest.id, tmp_path / "opened")
    assert "myloader" in error.value.what and "MYDUMPER" in error.value.hint
    assert not (tmp_path / "opened" / "dump").exists()


def test_a_lock_that_is_not_granted_is_given_up_so_that_nobody_waits_behind_it(forced, server, monkeypatch):
    monkeypatch.setattr(mydumper_watch, "_LOCK_WAIT", 1)
    with server.connect(forced.database) as holder:
        execute(holder, "LOCK TABLES plain WRITE")
        place = forced.state / "dump"
        with pytest.raises(BackupFailedError, match="waited more than 1 s"):
            mydumper.dump_plain(place, forced.endpoint, forced.database, find_mydumper(forced))
        with server.connect() as other:  # behind a waiting FLUSH this would hang
            execute(other, "SET SESSION lock_wait_timeout = 5")
            execute(other, f"INSERT INTO {forced.database}.old VALUES (3, 'three')")


@pytest.fixture
def waiting_for_itself(installation, tmp_path) -> str:
    """What the server sees of a mydumper that hung: a connection asleep, with the lock of all tables."""
    client = shlex.join(installation.command("mysql"))
    pipe = shlex.quote(str(tmp_path / "pipe"))
    return (
        f"rm -f {pipe}; mkfifo {pipe}; exec 3<>{pipe}\n"
        f'echo "FLUSH TABLES WITH READ LOCK;" >&3; exec {client} "$1" <&3'
    )


@pytest.mark.parametrize("announced", [True, False], ids=["by its process id", "by its account"])
def test_one_that_waits_for_itself_is_stopped_and_its_lock_goes_long_before_the_limit(
    wrapped, waiting_for_itself, server, monkeypatch, announced
):
    monkeypatch.setattr(mydumper_watch, "_ASLEEP", 2)
    if not announced:
        monkeypatch.setattr(mydumper_watch.Watch, "_pids", lambda _: [0])
    hung = wrapped(dumper=waiting_for_itself)
    with pytest.raises(BackupFailedError, match=r"mydumper hung .* asked nothing of the server for 2 s"):
        mydumper.dump_plain(hung.state / "dump", hung.endpoint, hung.database, find_mydumper(hung))
    with server.connect(hung.database) as writer:
        execute(writer, "SET SESSION lock_wait_timeout = 20")
        execute(writer, "INSERT INTO old VALUES (3, 'three')")


def test_after_it_hung_mysqldump_is_taken(wrapped, waiting_for_itself, connection, installation, monkeypatch):
    monkeypatch.setattr(mydumper_watch, "_ASLEEP", 2)
    manifest = make_full_backup(
        passing(wrapped(dumper=waiting_for_itself), connection, installation)
    ).manifest
    assert manifest.engine == "mysqldump" and manifest.proof.proven
    assert "and then failed: mydumper hung" in manifest.engine_reason


def test_a_loader_that_waits_for_itself_is_stopped(wrapped, waiting_for_itself, monkeypatch):
    monkeypatch.setattr(mydumper_watch, "_ASLEEP", 4)  # the dump before it must not seem to hang
    with pytest.raises(BackupFailedError, match="does not load: myloader hung") as error:
        make_full_backup(wrapped(loader=waiting_for_itself))
    assert "mysqldump" in error.value.hint


def test_one_without_a_connection_or_a_byte_is_stopped(wrapped, monkeypatch):
    monkeypatch.setattr(mydumper_watch, "_ABSENT", 1.0)
    monkeypatch.setattr(mydumper_watch, "_ASLEEP", 1)
    with pytest.raises(BackupFailedError, match="has no connection to the server"):
        make_full_backup(wrapped(dumper="exec sleep 600"))


def test_one_whose_query_takes_long_is_waited_for(forced, installation, tmp_path, monkeypatch):
    monkeypatch.setattr(mydumper_watch, "_ASLEEP", 1)
    before = newest_connection(forced.endpoint)
    with option_file(forced.endpoint, tmp_path) as login:
        command = [*installation.command("mysql"), f"--defaults-file={login}", "-e", "DO SLEEP(4)"]
        process = subprocess.Popen(command, env=mysql_environment())
        watch = Watch(process, "mydumper", forced.endpoint, before)
        assert watch.until_end(lambda: 0, lambda _: None) == ""
    assert process.returncode == 0


def test_the_dump_s_position_is_read_from_the_metadata_of_old_and_new_versions():
    old = "Started dump at: x\nSHOW MASTER STATUS:\n\tLog: binlog.000002\n\tPos: 157\n\tGTID:aa-1:1-5\n\n"
    old += "SHOW SLAVE STATUS:\n\tHost: h\n\tLog: relay.000009\n\tPos: 4\n"
    new = "[source]\n# Channel_Name = ''\nFile = binlog.000003\nPosition = 158\n"
    new += "Executed_Gtid_Set = aa-1:1-6\n"
    newest = '[source]\n# SOURCE_LOG_FILE = "binlog.000004"\n# SOURCE_LOG_POS = 159\n'
    newest += 'executed_gtid_set = "aa-1:1-7"\n'
    assert position(old) == ("binlog.000002", 157, "aa-1:1-5")
    assert position(new) == ("binlog.000003", 158, "aa-1:1-6")
    assert position(newest) == ("binlog.000004", 159, "aa-1:1-7")
    assert position("Started dump at: x\nFinished dump at: y\n") == ("", 0, "")
