"""The commonest reasons why a script is refused are named; nothing is guessed elsewhere."""

from __future__ import annotations

import pytest

from resources.prisma.likely_cause import likely_cause


@pytest.mark.parametrize(
    ("content", "code", "message", "said"),
    [
        ("ALTER".encode("utf-16"), 1064, "", "save it as UTF-8"),
        ("\ufeffALTER".encode(), 1064, "", "byte-order mark"),
        (b"-- nothing", 1065, "Query was empty", "no statement"),
        (b"CREATE TABLE a (id INT);\n DELIMITER //\n", 1064, "", "DELIMITER is a word of the mysql client"),
        (b'CREATE TABLE "User" ("id" SERIAL NOT NULL);', 1064, "", "PostgreSQL"),
        (b"ALTER TABLE post ADD x INT;", 1146, "Table 'shop.post' doesn't exist", "`Post` does"),
        (b"x", 1824, "Failed to open the referenced table 'post'", "`Post` does"),
    ],
)
def test_a_common_mistake_is_named(content: bytes, code: int, message: str, said: str) -> None:
    assert said in likely_cause(content, code, message, ["Post", "User"])


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"ALTER TABLE gone ADD x INT;", 1146, "Table 'shop.gone' doesn't exist"),
        (b"ALTER TABLE a ADD COLUM x INT;", 1064, "You have an error in your SQL syntax"),
        (b"CREATE UNIQUE INDEX i ON a(x);", 1062, "Duplicate entry"),
    ],
)
def test_nothing_is_guessed(content: bytes, code: int, message: str) -> None:
    assert likely_cause(content, code, message, ["Post", "User"]) == ""
