"""A copied tablespace file gets a number of its own, and only where its first page is understood."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from resources.mysql.connection import execute, value
from resources.rollback.tablespace_number import UnknownPageError, renumber

PAGE = 16384


@pytest.fixture
def copy(server, connection, target, tmp_path) -> Path:
    execute(connection, "CREATE TABLE t (id INT PRIMARY KEY)")
    execute(connection, "FLUSH TABLES t FOR EXPORT")
    shutil.copyfile(server.datadir / target.database / "t.ibd", tmp_path / "t.ibd")
    execute(connection, "UNLOCK TABLES")
    return tmp_path / "t.ibd"


def number(path: Path) -> int:
    data = path.read_bytes()
    assert data[34:38] == data[38:42]
    return int.from_bytes(data[34:38], "big")


def test_the_number_is_none_of_the_servers_and_another_one_each_time(copy, connection, target):
    own = value(
        connection,
        "SELECT space FROM information_schema.innodb_tablespaces WHERE name = %s",
        (f"{target.database}/t",),
    )
    before = copy.read_bytes()
    assert number(copy) == own
    found = set()
    for _ in range(3):
        renumber(copy, PAGE)
        found.add(number(copy))
    assert len(found) == 3 and all(0xD0000000 <= one < 0xFFF00000 for one in found)
    assert copy.read_bytes()[PAGE:] == before[PAGE:], "only the first page is written"


def test_a_page_that_is_not_understood_is_left_as_it_is(copy):
    data = bytearray(copy.read_bytes())
    data[100] ^= 1  # the checksum does not fit any more
    copy.write_bytes(data)
    with pytest.raises(UnknownPageError):
        renumber(copy, PAGE)
    assert copy.read_bytes() == data
