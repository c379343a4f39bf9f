"""How MySQL takes whole scripts: each fact as `prisma migrate deploy` meets it."""

import pytest

from resources.errors import MigrationFailedError
from resources.mysql.connection import Connection, rows, value
from resources.prisma.checksum import checksum
from resources.prisma.failure import failure_of
from resources.prisma.status import migration_status
from resources.target import Target
from tests.resources.prisma.conftest import Apply, Write, history, tables

TABLE = "CREATE TABLE a (id INT)"


@pytest.mark.parametrize(
    ("script", "code", "statement"),
    [
        ("", 1065, 1),
        (" \n\t\r\n", 1065, 1),
        (f"{TABLE};; SELECT 1", 1064, 2),
        (f"{TABLE};; -- end", 1064, 2),
        (f";{TABLE}", 1064, 1),
        (f"\ufeff{TABLE}", 1064, 1),
        ("DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\nDELIMITER ;\n", 1064, 1),
        (f"{TABLE};\nINSERT INTO a VALUES (1);\nSELEC 1;\nINSERT INTO a VALUES (2);", 1064, 3),
    ],
)
def test_the_server_refuses(
    apply: Apply, write: Write, connection: Connection, script: str, code: int, statement: int
) -> None:
    write("1_a", script)
    with pytest.raises(MigrationFailedError) as error:
        apply()
    failure = failure_of(error.value)
    assert failure
    assert (failure.mysql_code, failure.statement, failure.outcome) == (code, statement, "failed")
    assert f"({code})" in error.value.why
    (logs,) = history(connection, "logs")[0]
    assert f"\n\nDatabase error code: {code}\n\nDatabase error:\n" in logs
    assert logs.endswith(f"\n\nPlease check the query number {statement} from the migration file.\n")
    assert history(connection, "finished_at, rolled_back_at, applied_steps_count") == [(None, None, 0)]


@pytest.mark.parametrize(
    "script",
    [
        "-- nothing here",
        "/* nothing */\n# at all\n",
        f"{TABLE};\n-- the end\n",
        f"{TABLE}\n;\n \n",
        f"{TABLE};;\n;",  # the server cuts semicolons and blanks off the end of a command
        f"{TABLE};\n/* the end */  ",
        f"{TABLE}; SELECT 1; SELECT * FROM a; INSERT INTO a VALUES (1)",
        f"{TABLE}; INSERT INTO a SELECT 5; SELECT '100%s %d %' FROM a",
    ],
)
def test_the_server_accepts(apply: Apply, write: Write, connection: Connection, script: str) -> None:
    write("1_a", script)
    assert apply().applied_migrations == ["1_a"]
    assert history(connection, "logs, applied_steps_count, finished_at IS NULL") == [(None, 1, 0)]
    assert ("a" in tables(connection)) == (TABLE in script)


def test_programs_with_inner_semicolons_need_no_delimiter(
    apply: Apply, write: Write, connection: Connection
) -> None:
    write(
        "1_a",
        f"{TABLE};\n"
        "CREATE PROCEDURE p() BEGIN INSERT INTO a VALUES (1); INSERT INTO a VALUES (2); END;\n"
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.id = NEW.id + 10; END;\n"
        "CREATE FUNCTION f() RETURNS INT DETERMINISTIC BEGIN DECLARE x INT; SET x = 3; RETURN x; END;\n"
        "CALL p();\nINSERT INTO a VALUES (f());",
    )
    apply()
    assert rows(connection, "SELECT id FROM a ORDER BY id") == [(11,), (12,), (13,)]


def test_a_crlf_script_runs_and_is_recorded_as_it_is(
    apply: Apply, write: Write, connection: Connection, target: Target
) -> None:
    path = write("1_a", f"{TABLE};\r\n-- end\r\n")
    apply()
    assert history(connection, "checksum") == [(checksum(path.read_bytes()),)]
    write("1_a", f"{TABLE};\n-- end\n")
    assert migration_status(target).findings == []
    assert apply().applied_migrations == []


def test_large_results_of_a_script_are_dropped_not_kept(
    apply: Apply, write: Write, connection: Connection
) -> None:
    write(
        "1_a",
        "CREATE TABLE n (id INT);\nINSERT INTO n VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10);\n"
        "SELECT a.id, REPEAT('x', 1000) FROM n a, n b, n c, n d;\nINSERT INTO n VALUES (11);",
    )
    apply()
    assert value(connection, "SELECT COUNT(*) FROM n") == 11


def test_what_one_script_sets_holds_for_the_next_as_in_prisma(
    apply: Apply, write: Write, connection: Connection
) -> None:
    write("1_a", "SET FOREIGN_KEY_CHECKS = 0; SET @x = 7;")
    write(
        "2_b",
        "CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES absent (id)); CREATE TABLE d AS SELECT @x v",
    )
    apply()
    assert rows(connection, "SELECT v FROM d") == [(7,)]


def test_invalid_utf8_in_a_comment_is_applied_and_hashed_as_prisma_does(
    apply: Apply, write: Write, connection: Connection
) -> None:
    content = b"-- cr\xe9er\nCREATE TABLE a (id INT);"
    write("1_a", content)
    apply()
    assert history(connection, "checksum") == [(checksum(content),)]


def test_definers_and_collations_are_those_of_prismas_connection(
    apply: Apply, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE VIEW v AS SELECT 'x' AS c")
    apply()
    assert rows(connection, "SHOW CREATE VIEW v")[0][2:] == ("utf8mb4", "utf8mb4_general_ci")
