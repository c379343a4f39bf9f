from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from resources.errors import MysqlNotFoundError
from resources.mysql.installation import (
    PROGRAMS,
    find_installation,
    find_with_reasons,
    parse_version,
    private_installation,
)


def _program(folder: Path, name: str, says: str, code: int = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{name}  {says}"\nexit {code}\n')
    path.chmod(0o755)
    return path


def _all(folder: Path, says: str) -> Path:
    """All four programs in one folder; the path of mysqld."""
    return {name: _program(folder, name, says) for name in PROGRAMS}["mysqld"]


@pytest.fixture
def empty_path(monkeypatch, tmp_path):
    """A PATH with nothing on it but what a test puts there (and the shell its scripts need)."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_every_program_of_the_private_one_runs(installation):
    for name in PROGRAMS:
        run = subprocess.run(
            [*installation.command(name), "--no-defaults", "--version"],
            capture_output=True,
            text=True,
            check=True,
            # Its own libraries are found by its loader, not through the environment.
            env={key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"},
        )
        assert installation.version in run.stdout


def test_a_named_mysqld_is_taken_with_the_clients_beside_it(tmp_path, empty_path):
    mysqld = _all(tmp_path / "opt", "Ver 8.4.3 for Linux")
    found = find_installation(tmp_path / "tools", mysqld)
    assert found is not None and found.version == "8.4.3" and found.root is None
    assert found.command("mysqldump") == [str(tmp_path / "opt" / "mysqldump")]


def test_one_on_path_is_found(tmp_path, empty_path):
    _all(empty_path, "Ver 8.0.36")
    found = find_installation(tmp_path / "tools")
    assert found is not None and found.version_tuple == (8, 0, 36)


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("Ver 10.11.6-MariaDB for debian-linux-gnu", "MariaDB"),
        ("Ver 8.0.16 for Linux", "8.0.17"),
        ("Ver 5.7.44 for Linux", "8.0.17"),
        ("hello", "version"),
    ],
)
def test_an_unfit_one_is_refused_by_name_and_passed_over_on_path(tmp_path, empty_path, says, why):
    mysqld = _all(empty_path, says)
    with pytest.raises(MysqlNotFoundError) as caught:
        find_installation(tmp_path / "tools", mysqld)
    assert why in caught.value.why
    found, reasons = find_with_reasons(tmp_path / "tools")
    assert found is None and why in " ".join(reasons)


def test_a_mysqld_without_its_clients_or_with_mariadbs_is_passed_over(tmp_path, empty_path):
    _program(empty_path, "mysqld", "Ver 8.0.36")
    found, reasons = find_with_reasons(tmp_path / "tools")
    assert found is None and "no `mysql`" in reasons[0]
    _program(empty_path, "mysql", "Ver 15.1 Distrib 10.11.6-MariaDB")
    found, reasons = find_with_reasons(tmp_path / "tools")
    assert found is None and "MariaDB" in reasons[0]


def test_a_mysqld_that_does_not_run_or_is_not_there_is_refused(tmp_path, empty_path):
    for mysqld in (tmp_path / "nothing", _program(tmp_path, "mysqld", "cannot open libaio.so", 127)):
        with pytest.raises(MysqlNotFoundError) as caught:
            find_installation(tmp_path / "tools", mysqld)
        assert "MYSQLD" in caught.value.hint


def test_a_half_unpacked_tree_is_not_taken_for_one(tmp_path):
    (tmp_path / "mysql" / "9.7.4" / "usr" / "sbin").mkdir(parents=True)
    (tmp_path / "mysql" / ".partial-abc" / "tree").mkdir(parents=True)
    assert private_installation(tmp_path) is None


def test_of_several_private_ones_the_newest_is_taken(installation, tmp_path):
    if installation.root is None:
        pytest.skip("this machine's MySQL is the system's own")
    (tmp_path / "mysql").mkdir()
    for name in ("9.7.4", "8.0.20"):
        (tmp_path / "mysql" / name).symlink_to(installation.root)
    found = private_installation(tmp_path)
    assert found is not None and found.version == installation.version


@pytest.mark.parametrize(
    ("text", "version"),
    [("9.7.4-2", (9, 7, 4)), ("8.0.36-0ubuntu0.22.04.1", (8, 0, 36)), ("Ver 8.4.10 for", (8, 4, 10))],
)
def test_versions_are_read_from_what_programs_say(text, version):
    assert parse_version(text) == version
