"""Prisma's table, byte for byte."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from resources.errors import HistoryError
from resources.mysql.connection import Connection, execute, rows, value
from resources.prisma import history

# What MySQL makes of the statement in Prisma's engine (schema-engine, mysql flavour).
SHOWN = """CREATE TABLE `_prisma_migrations` (
  `id` varchar(36) COLLATE utf8mb4_unicode_ci NOT NULL,
  `checksum` varchar(64) COLLATE utf8mb4_unicode_ci NOT NULL,
  `finished_at` datetime(3) DEFAULT NULL,
  `migration_name` varchar(255) COLLATE utf8mb4_unicode_ci NOT NULL,
  `logs` text COLLATE utf8mb4_unicode_ci,
  `rolled_back_at` datetime(3) DEFAULT NULL,
  `started_at` datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  `applied_steps_count` int unsigned NOT NULL DEFAULT '0',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"""


def test_the_table_is_prismas(connection: Connection) -> None:
    history.create_history(connection)
    assert rows(connection, "SHOW CREATE TABLE _prisma_migrations")[0][1] == SHOWN


def test_a_database_without_the_table_has_no_history(connection: Connection, database: str) -> None:
    assert history.read_history(connection, database) is None
    history.create_history(connection)
    assert history.read_history(connection, database) == []


def test_a_started_and_finished_row_has_prismas_values(connection: Connection, database: str) -> None:
    history.create_history(connection)
    execute(connection, "SET time_zone = '+09:00'")  # must not matter: times are sent, not made by the server
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(milliseconds=1)
    row_id = history.insert_started(connection, "1_a", "c" * 64)
    (started,) = history.read_history(connection, database) or []
    assert (started.finished_at, started.logs, started.applied_steps_count) == (None, None, 0)
    assert started.is_failed
    history.finish(connection, row_id)
    history.finish(connection, row_id)  # sent twice after a lost connection
    (finished,) = history.read_history(connection, database) or []
    after = datetime.now(UTC).replace(tzinfo=None)
    assert str(uuid.UUID(finished.id)) == finished.id
    assert uuid.UUID(finished.id).version == 4
    assert finished.finished_at
    assert before <= finished.started_at <= finished.finished_at <= after
    assert (finished.applied_steps_count, finished.logs, finished.rolled_back_at) == (1, None, None)
    assert finished.is_applied


def test_started_at_rises_strictly_even_when_the_clock_went_back(
    connection: Connection, database: str
) -> None:
    history.create_history(connection)
    for number in range(5):
        history.insert_started(connection, f"{number}", "")
    execute(connection, "UPDATE _prisma_migrations SET started_at = started_at + INTERVAL 1 HOUR")
    last = history.insert_started(connection, "later", "")
    history.finish(connection, last)
    found = history.read_history(connection, database) or []
    assert [row.migration_name for row in found] == ["0", "1", "2", "3", "4", "later"]
    assert len({row.started_at for row in found}) == 6
    assert found[-1].finished_at and found[-1].finished_at >= found[-1].started_at


def test_logs_longer_than_the_column_are_cut_not_refused(connection: Connection) -> None:
    history.create_history(connection)
    row_id = history.insert_started(connection, "1_a", "")
    history.write_logs(connection, row_id, "é" * 70_000)
    assert value(connection, "SELECT LENGTH(logs) FROM _prisma_migrations") == 65_000


def test_a_row_that_prisma_could_not_read_is_refused(connection: Connection, database: str) -> None:
    history.create_history(connection)
    execute(connection, "ALTER TABLE _prisma_migrations MODIFY checksum VARCHAR(64) NULL")
    execute(connection, "INSERT INTO _prisma_migrations (id, migration_name) VALUES ('x', '1_a')")
    with pytest.raises(HistoryError, match=re.escape("Failed to extract `checksum`")):
        history.read_history(connection, database)


def test_only_base_tables_count_as_user_tables(connection: Connection, database: str) -> None:
    history.create_history(connection)
    execute(connection, "CREATE VIEW v AS SELECT 1")
    execute(connection, "CREATE PROCEDURE p() SELECT 1")
    assert history.user_tables(connection, database) == []
    execute(connection, "CREATE TABLE t (id INT)")
    assert history.user_tables(connection, database) == ["t"]
