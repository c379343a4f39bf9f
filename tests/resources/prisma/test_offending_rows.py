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
            "`child`.`parent_id` = 7 → no such `parent`.`id` (2 rows: `id` 2, 4);"
            " `child`.`parent_id` = 8 → no such `parent`.`id` (1 row: `id` 5)",
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


def test_rows_that_point_at_nothing_are_told_with_both_tables_and_at_most_five_values_and_keys(
    apply: Apply, write: Write
) -> None:
    values = ", ".join(f"({n}, {n % 7 + 10})" for n in range(70))
    write(
        "1_a",
        "CREATE TABLE country (code INT PRIMARY KEY); CREATE TABLE city (id INT PRIMARY KEY, country INT);"
        f"INSERT INTO city VALUES {values}",
    )
    write("2_b", "ALTER TABLE `city` ADD FOREIGN KEY (`country`) REFERENCES `country`(`code`)")
    with pytest.raises(MigrationFailedError) as error:
        apply()
    (said,) = [line for line in error.value.why.splitlines() if "point at nothing" in line]
    assert "rows of `city` that point at nothing in `country`: " in said
    assert "`city`.`country` = 10 → no such `country`.`code` (10 rows: `id` 0, 7, 14, 21, 28, …); " in said
    assert said.count("→") == 5 and said.endswith("; and more")


def test_a_foreign_key_of_two_columns_is_told_with_both_and_one_without_a_key_without_keys(
    apply: Apply, write: Write
) -> None:
    write(
        "1_a",
        "CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b)); CREATE TABLE c (x INT, y INT);"
        "INSERT INTO p VALUES (1, 1); INSERT INTO c VALUES (1, 1), (1, 2), (NULL, 9), (1, 2)",
    )
    write("2_b", "ALTER TABLE `c` ADD CONSTRAINT `f` FOREIGN KEY (`x`, `y`) REFERENCES `p`(`a`, `b`)")
    with pytest.raises(MigrationFailedError) as error:
        apply()
    assert "(`c`.`x`, `c`.`y`) = (1, 2) → no such (`p`.`a`, `p`.`b`) (2 rows)\n" in error.value.why


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
