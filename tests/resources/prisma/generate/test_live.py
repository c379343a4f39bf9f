from __future__ import annotations

import pytest

from resources.mysql.connection import execute
from resources.mysql.schema import read_schema
from resources.prisma.generate.casts import cast
from resources.prisma.generate.datamodel import KeyPart
from resources.prisma.generate.live import LiveColumn, live_tables, spelled_as


def test_what_the_server_prints_is_read(connection, database):
    execute(
        connection,
        "CREATE TABLE `a``b` (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, e ENUM('x,)', 'it''s')"
        " DEFAULT 'it''s' COMMENT 'DEFAULT 9',"
        " s VARCHAR(9) CHARACTER SET latin1 NOT NULL DEFAULT 'a b', u CHAR(36) DEFAULT"
        " (uuid()), t TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),"
        " d DECIMAL(8,2) DEFAULT 1.5, p BIGINT UNSIGNED, PRIMARY KEY (id), UNIQUE KEY k (s(3) DESC, d), KEY f"
        " (p), CONSTRAINT fk FOREIGN KEY (p) REFERENCES `a``b` (id) ON DELETE SET NULL)",
    )
    table = live_tables(read_schema(connection, database).tables)["a`b"]
    assert list(table.columns.values()) == [
        LiveColumn("id", "bigint unsigned", False, None, True),
        LiveColumn("e", "enum('x,)','it''s')", True, "'it''s'", False),
        LiveColumn("s", "varchar(9)", False, "'a b'", False),
        LiveColumn("u", "char(36)", True, "(uuid())", False),
        LiveColumn("t", "timestamp(3)", False, "CURRENT_TIMESTAMP(3)", False),
        LiveColumn("d", "decimal(8,2)", True, "'1.50'", False),
        LiveColumn("p", "bigint unsigned", True, None, False),
    ]
    assert table.primary_key == (KeyPart("id"),)
    assert {index.name: (index.kind, index.parts) for index in table.indexes} == {
        "k": ("UNIQUE", (KeyPart("s", 3, "DESC"), KeyPart("d"))),
        "f": ("", (KeyPart("p"),)),
    }
    (key,) = table.foreign_keys
    assert (key.name, key.table, key.on_delete, key.on_update) == ("fk", "a`b", "SET NULL", "NO ACTION")


def test_lower_case_names_get_the_wanted_spelling_in_foreign_keys_too():
    text = (
        "CREATE TABLE `post` (\n  `u` int NOT NULL,\n  KEY `k` (`u`),\n"
        "  CONSTRAINT `fk` FOREIGN KEY (`u`) REFERENCES `user` (`id`)\n) ENGINE=InnoDB"
    )
    tables = spelled_as(live_tables({"post": text}), ["Post", "User"])
    assert list(tables) == ["Post"]
    assert tables["Post"].foreign_keys[0].table == "User"


@pytest.mark.parametrize(
    ("previous", "wanted", "said"),
    [
        ("int", "INTEGER", None),
        ("int(11)", "INTEGER", None),
        ("tinyint(1)", "BOOLEAN", None),
        ("varchar(191)", "VARCHAR(255)", "safe"),
        ("varchar(191)", "VARCHAR(100)", "risky"),
        ("varchar(191)", "TEXT", "safe"),
        ("varchar(191)", "INTEGER", "risky"),
        ("int", "BIGINT", "safe"),
        ("bigint", "INTEGER", "risky"),
        ("int", "INTEGER UNSIGNED", "risky"),
        ("int", "JSON", "never"),
        ("int", "DATETIME(3)", "never"),
        ("datetime(3)", "DATETIME(0)", "risky"),
        ("datetime", "DATETIME(3)", "safe"),
        ("datetime(3)", "INTEGER", "never"),
        ("datetime(3)", "VARCHAR(191)", "safe"),
        ("json", "TEXT", "safe"),
        ("json", "INTEGER", "never"),
        ("longblob", "VARCHAR(191)", "risky"),
        ("longblob", "INTEGER", "never"),
        ("double", "DECIMAL(65, 30)", "safe"),
        ("double", "CHAR(8)", "never"),
        ("decimal(10,2)", "DECIMAL(12, 2)", "risky"),
        ("enum('a')", "ENUM('a', 'b')", "safe"),
        ("enum('a','b')", "ENUM('a')", "risky"),
        ("enum('a')", "VARCHAR(191)", "risky"),
        ("year", "TINYINT", "never"),
        ("bit(8)", "BINARY(1)", "safe"),
        ("bit(8)", "BINARY(2)", "never"),
    ],
)
def test_a_change_of_type_is_judged_as_prisma_judges_it(previous, wanted, said):
    assert cast(previous, wanted) == said
