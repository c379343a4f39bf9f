from __future__ import annotations

import pytest

from resources.mysql.connection import execute, value
from resources.mysql.digest import TableDigest, table_digests


@pytest.fixture
def digests(target, connection):
    execute(connection, "CREATE TABLE `t``1` (id INT PRIMARY KEY, f FLOAT, j JSON, b BLOB, n INT)")
    execute(
        connection,
        "INSERT INTO `t``1` VALUES (1, 16777216, '{\"a\": 1}', X'00FF', NULL), (2, 1.5, NULL, '', 0)",
    )
    execute(connection, "CREATE TABLE blank (id INT PRIMARY KEY)")
    execute(connection, "CREATE VIEW v AS SELECT 1 AS one")
    return lambda *tables: table_digests(target.endpoint, target.database, tables or None)


def test_every_base_table_is_counted_exactly(digests):
    found = digests()
    assert {name: digest.rows for name, digest in found.items()} == {"blank": 0, "t`1": 2}


@pytest.mark.parametrize(
    "definition",
    [
        "(id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 3",
        "(id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (100),"
        " PARTITION b VALUES LESS THAN (5000), PARTITION c VALUES LESS THAN MAXVALUE)",
        "(id INT, v INT)",
        "(id INT PRIMARY KEY, v INT, w INT AS (v + 1), KEY (v))",
        "(id INT, v INT) ENGINE=MyISAM",
    ],
)
@pytest.mark.parametrize("count", [0, 1, 3000])
def test_rows_are_what_count_says_whatever_the_table(digests, connection, definition, count):
    execute(connection, f"CREATE TABLE odd {definition}")
    execute(
        connection,
        "INSERT INTO odd (id, v)"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        f" SELECT /*+ SET_VAR(cte_max_recursion_depth = 3000) */ i, i % 7 FROM n WHERE i <= {count}",
    )
    execute(connection, "DELETE FROM odd WHERE v = 3 AND id > 1")
    assert digests("odd")["odd"].rows == value(connection, "SELECT COUNT(*) FROM odd")


def test_a_table_with_a_multi_valued_index_has_one_digest_that_sees_every_change(digests, connection):
    """CHECKSUM TABLE gives such a table another checksum each time."""
    columns = (
        "(id INT PRIMARY KEY, doc JSON, f FLOAT, b BIT(9), g POINT, d DECIMAL(9,3), at TIMESTAMP(3) NULL,"
        " `h``%` VARBINARY(9) INVISIBLE, KEY m ((CAST(doc->'$.a' AS CHAR(9) ARRAY))))"
    )
    execute(connection, f"CREATE TABLE many {columns}")
    insert = "INSERT INTO many (id, doc, f, b, g, d, at, `h``%`) VALUES"
    row = """(1, '{"a": ["x", "y"]}', 16777216, 5, POINT(1, 2), 1.5, '2020-01-01 00:00:00', X'00FF')"""
    execute(connection, f"{insert} {row}, (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)")
    first = digests("many")["many"]
    assert first.rows == 2
    execute(connection, "SET GLOBAL time_zone = '+05:00'")
    try:
        assert {digests("many")["many"] for _ in range(4)} == {first}
    finally:
        execute(connection, "SET GLOBAL time_zone = DEFAULT")
    seen = {first}
    for change in (
        "f = 16777218",
        "b = 6",
        "d = 1.501",
        "g = POINT(1, 3)",
        "at = '2020-01-01 00:00:00.001'",
        "`h``%` = X'00FE'",
        """doc = '{"a": ["x", "z"]}'""",
        "doc = NULL",
    ):
        execute(connection, f"UPDATE many SET {change} WHERE id = 1")
        found = digests("many")["many"]
        assert found not in seen, change
        seen.add(found)
    execute(connection, "DELETE FROM many")
    assert digests("many")["many"].rows == 0


def test_only_the_named_tables_are_read(digests):
    assert list(digests("blank")) == ["blank"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE `t``1` SET f = 16777200 WHERE id = 1",
        'UPDATE `t``1` SET j = \'{"a": "1"}\' WHERE id = 1',
        "UPDATE `t``1` SET b = X'00FE' WHERE id = 1",
        "UPDATE `t``1` SET n = 0 WHERE id = 1",
        "UPDATE `t``1` SET id = 3 WHERE id = 2",
        "DELETE FROM `t``1` WHERE id = 2",
    ],
)
def test_any_change_of_a_row_changes_the_digest(digests, connection, change):
    before = digests()["t`1"]
    execute(connection, change)
    assert digests()["t`1"] != before


def test_the_order_of_rows_does_not_matter(digests, connection):
    before = digests()["t`1"]
    execute(connection, "CREATE TABLE other LIKE `t``1`")
    execute(connection, "INSERT INTO other SELECT * FROM `t``1` ORDER BY id DESC")
    assert digests()["other"] == before


def test_a_digest_survives_being_stored():
    digest = TableDigest(5, 4294967295)
    assert TableDigest.from_dict(digest.as_dict()) == digest


def test_the_type_inside_json_is_not_seen(digests, connection):
    """CHECKSUM TABLE reads JSON as text. A physical copy keeps the types; a logical one must say so."""
    execute(connection, "UPDATE `t``1` SET j = JSON_SET(j, '$.a', CAST('2020-01-01' AS DATE)) WHERE id = 1")
    dated = digests()["t`1"]
    execute(connection, "UPDATE `t``1` SET j = JSON_SET(j, '$.a', '2020-01-01') WHERE id = 1")
    assert value(connection, "SELECT JSON_TYPE(j->'$.a') FROM `t``1` WHERE id = 1") == "STRING"
    assert digests()["t`1"] == dated
