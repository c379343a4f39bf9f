"""The rows that a constraint violation is about."""

import pytest

from resources.errors import MigrationFailedError
from resources.mysql.connection import Connection, connect, execute
from resources.prisma.offending_rows import offending_rows
from resources.target import Target
from tests.resources.prisma.conftest import Apply, Write

TABLES = """
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE child (id INT PRIMARY KEY AUTO_INCREMENT, email VARCHAR(40), parent_id INT, n INT);
INSERT INTO parent VALUES (1);
INSERT INTO child (email, parent_id, n) VALUES
  ('a@x', 1, 5), ('a@x', 7, -1), (NULL, NULL, NULL), (NULL, 7, 3), ('a-very-long-address@example.org', 8, 4);
"""


@pytest.mark.parametrize(
    ("statement", "code", "shown"),
    [
        ("CREATE UNIQUE INDEX `e` ON `child`(`email`)", 1062, "(a@x, 2)"),
        ("ALTER TABLE `child` ADD UNIQUE INDEX `e`(`email`)", 1062, "(a@x, 2)"),
        ("ALTER TABLE `child` ADD CONSTRAINT `e` UNIQUE (`email`)", 1062, "(a@x, 2)"),
        (
            "ALTER TABLE `child` ADD CONSTRAINT `f` FOREIGN KEY (`parent_id`) REFERENCES `parent`(`id`)"
            " ON DELETE RESTRICT ON UPDATE CASCADE",
            1452,
            "(7, 2); (8, 1)",
        ),
        ("ALTER TABLE `child` MODIFY `email` VARCHAR(40) NOT NULL", 1138, "(3); (4)"),
        ("ALTER TABLE `child` MODIFY `email` VARCHAR(10) NULL", 1265, "(5)"),
        ("ALTER TABLE `child` MODIFY COLUMN `email` ENUM('a@x', 'b@x') NULL", 1265, "(5)"),
        ("ALTER TABLE `child` ADD `x` INT, MODIFY `n` INT NOT NULL, MODIFY `email` TEXT NULL", 1265, "(3)"),
        ("ALTER TABLE `child` ADD CONSTRAINT `c` CHECK (`n` > 0)", 3819, "(2)"),
    ],
)
def test_the_offending_rows_are_shown(
    apply: Apply, write: Write, statement: str, code: int, shown: str
) -> None:
    write("1_a", TABLES)
    write("2_b", f"SELECT 1;\n{statement};")
    with pytest.raises(MigrationFailedError) as error:
        apply()
    assert f"MySQL: ({code})" in error.value.why
    assert f": {shown}\n" in error.value.why
    assert error.value.where.endswith("2_b/migration.sql:2")


def test_at_most_five_rows_are_shown(apply: Apply, write: Write) -> None:
    values = ", ".join(f"({n}), ({n})" for n in range(9))
    write("1_a", f"CREATE TABLE a (n INT); INSERT INTO a VALUES {values}")
    write("2_b", "CREATE UNIQUE INDEX `n` ON `a`(`n`)")
    with pytest.raises(MigrationFailedError) as error:
        apply()
    assert error.value.why.count(", 2)") == 5
    assert "; and more" in error.value.why


def test_a_violation_in_other_statements_has_mysqls_words_only(apply: Apply, write: Write) -> None:
    write("1_a", "CREATE TABLE a (n INT PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO a VALUES (1)")
    with pytest.raises(MigrationFailedError) as error:
        apply()
    assert "Duplicate entry '1' for key 'a.PRIMARY'" in error.value.why
    assert "statement 3" in error.value.what


@pytest.mark.slow
def test_rows_that_cannot_be_read_are_said_so(
    target: Target, apply: Apply, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (n INT); INSERT INTO a VALUES (1), (1)")
    apply()
    with connect(target.endpoint, target.database) as locker:
        text = offending_rows(target, 1062, "", "CREATE UNIQUE INDEX `n` ON `a`(`n`)")
        assert text.endswith(": (1, 2)")
        execute(locker, "LOCK TABLES a WRITE")
        text = offending_rows(target, 1062, "", "CREATE UNIQUE INDEX `n` ON `a`(`n`)")
    assert "could not be read (Lock wait timeout exceeded" in text
