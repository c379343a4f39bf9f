"""Every column type of MySQL, a table each, with the values at its edges: kept by every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.make import make_full_backup
from resources.backup.open import open_backup
from resources.mysql.connection import connect, execute, quoted, value
from resources.mysql.server import PrivateServer
from resources.target import Target
from tests.conftest import TEST_SERVER, target_on
from tests.resources.backup.conftest import world

pytestmark = pytest.mark.slow
DATABASE = "every type"
MB = 1 << 20

TYPES: dict[str, list[str]] = {
    "TINYINT": ["-128", "127", "0"],
    "TINYINT(1)": ["0", "1"],
    "TINYINT UNSIGNED": ["255"],
    "SMALLINT": ["-32768", "32767"],
    "MEDIUMINT": ["-8388608", "8388607"],
    "MEDIUMINT UNSIGNED ZEROFILL": ["1", "16777215"],
    "INT": ["-2147483648", "2147483647"],
    "INT UNSIGNED": ["4294967295"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807"],
    "BIGINT UNSIGNED": ["18446744073709551615"],
    "DECIMAL(65,30)": [
        "-99999999999999999999999999999999999.999999999999999999999999999999",
        "0.000000000000000000000000000001",
    ],
    "DOUBLE": ["1.7976931348623157e308", "-2.2250738585072014e-308", "0.1"],
    "BIT(1)": ["b'0'", "b'1'"],
    "BIT(64)": ["b'1111111111111111111111111111111111111111111111111111111111111111'", "0"],
    "DATE": ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-00-31'"],
    "TIME(6)": ["'-838:59:59.000000'", "'838:59:59'", "'00:00:00.000001'"],
    "DATETIME(6)": ["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59.999999'"],
    "TIMESTAMP(6)": ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.499999'"],
    "YEAR": ["0", "1901", "2155"],
    "CHAR(255)": ["''", "'trailing '", "'😀'"],
    "VARCHAR(8000)": ["''", "REPEAT('ä', 8000)", "'new\\nline\\0nul\\Z\\\\'"],
    "VARCHAR(20) CHARACTER SET utf16": ["'😀 utf16'"],
    "VARCHAR(20) CHARACTER SET gb18030": ["'中文'"],
    "CHAR(10) CHARACTER SET latin1": ["'café'"],
    "BINARY(255)": ["x'00'", "REPEAT(x'ff', 255)"],
    "VARBINARY(32000)": ["''", "REPEAT(x'00', 32000)", "x'27225c0a0d1a'"],
    "TINYBLOB": ["REPEAT(x'fe', 255)"],
    "BLOB": ["''", "REPEAT(x'0a', 65535)"],
    "MEDIUMBLOB": ["REPEAT(x'1a', 300000)"],
    "LONGBLOB": [f"REPEAT(x'27', {64 * MB - 100})"],
    "TINYTEXT": ["REPEAT('t', 255)"],
    "TEXT": ["REPEAT('ü', 30000)"],
    "MEDIUMTEXT": ["REPEAT('m', 300000)"],
    "LONGTEXT": ["REPEAT('\\'', 300000)"],
    "ENUM('a','b','','it''s')": ["'a'", "''", "'it''s'"],
    "SET('x','y','z')": ["''", "'x,z'"],
    "JSON": ['\'{"k": [1, 2.5, null, true, "😀"]}\'', "'null'", "'1e300'"],
    "VECTOR(3)": ["STRING_TO_VECTOR('[1.5, -2, 3e30]')"],
    "GEOMETRY": ["ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))')"],
    "POINT SRID 4326": ["ST_GeomFromText('POINT(52.5 13.4)', 4326)"],
    "LINESTRING": ["ST_GeomFromText('LINESTRING(0 0, 1.5 1.5)')"],
    "POLYGON": ["ST_GeomFromText('POLYGON((0 0, 1 0, 1 1, 0 0))')"],
    "MULTIPOINT": ["ST_GeomFromText('MULTIPOINT((0 0), (1 1))')"],
    "MULTILINESTRING": ["ST_GeomFromText('MULTILINESTRING((0 0, 1 1), (2 2, 3 3))')"],
    "MULTIPOLYGON": ["ST_GeomFromText('MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))')"],
    "GEOMETRYCOLLECTION": ["ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))')"],
}
ONLY_A_COPY_KEEPS: dict[str, list[str]] = {
    "FLOAT": ["16777216", "3.4028235e38", "-1.17549435e-38"],
    "FLOAT UNSIGNED": ["123456.7"],
    "DOUBLE PRECISION": ["-0e0"],  # as the text -0 it is the integer 0
}


@pytest.fixture
def origin(make_server: Callable[..., PrivateServer], tools: Path, tmp_path: Path) -> Target:
    """The types in a database of their own, on a server that lets rows be large."""
    server = make_server(tcp=True, variables=TEST_SERVER | {"max_allowed_packet": "256M"})
    with connect(server.tcp_endpoint) as connection:
        execute(connection, f"CREATE DATABASE {quoted(DATABASE)}")
    target = target_on(server, DATABASE, tools, tmp_path)
    _fill(target, TYPES)
    return target


def _fill(target: Target, types: dict[str, list[str]]) -> None:
    with connect(target.endpoint, DATABASE) as connection:
        execute(connection, "SET SESSION sql_mode = '', time_zone = '+00:00'")
        for kind, values in types.items():
            table = quoted(f"of {kind}"[:60])
            execute(
                connection,
                f"CREATE TABLE {table} (id INT NOT NULL PRIMARY KEY, v {kind}, h {kind} INVISIBLE)",
            )
            for number, one in enumerate([*values, "NULL"]):
                execute(connection, f"INSERT INTO {table} (id, v, h) VALUES ({number}, {one}, NULL)")
            execute(connection, f"UPDATE {table} SET h = v WHERE id = 0 AND LENGTH(v) < {MB}")


def _comes_back_equal(target: Target, folder: Path) -> None:
    was = world(target.endpoint, DATABASE)
    manifest = make_full_backup(target).manifest
    assert manifest.engine == target.backup_engine and manifest.proof.proven
    opened = open_backup(target, manifest.id, folder)
    try:
        assert world(opened.endpoint, DATABASE) == was
    finally:
        opened.discard()


def test_a_clone_keeps_every_type(origin, tmp_path):
    _fill(origin, ONLY_A_COPY_KEEPS)
    _comes_back_equal(replace(origin, backup_engine="clone"), tmp_path / "opened")


def test_a_dump_keeps_every_type_but_some_floats_and_a_row_of_64_mb(origin, tmp_path):
    with connect(origin.endpoint, DATABASE) as connection:
        assert value(connection, "SELECT MAX(LENGTH(v)) FROM `of LONGBLOB`") > 63 * MB
    _comes_back_equal(replace(origin, backup_engine="mysqldump"), tmp_path / "opened")
