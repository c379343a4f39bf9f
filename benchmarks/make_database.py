"""A database of mixed InnoDB tables, made by the server itself: about 1.5 GB and 8 million rows at scale 1.

Deterministic (no RAND, no NOW), so that two servers hold equal rows.
"""

from __future__ import annotations

import argparse
import sys
import time

from resources.mysql.connection import Connection, connect, execute, quoted, value
from resources.mysql.endpoint import Endpoint, parse_database_url

_WORDS = "'alpha','bravo','charlie','delta','echo','foxtrot','golf','hotel','india','juliett'"
_EMAIL = "CONCAT(ELT(1 + n % 10, {words}), n, '@example.test')"
_TEXT = "REPEAT(CONCAT(ELT(1 + n % 10, {words}), ' ', LEFT(SHA2(n, 224), 32), ' '), 1 + n % 12)"

# name → (columns, rows at scale 1, select list over n = 1, 2, 3 …)
_TABLES: dict[str, tuple[str, int, str]] = {
    "bench_customers": (
        "id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(120) NOT NULL,"
        " name VARCHAR(80) NOT NULL, status ENUM('new','active','gone') NOT NULL,"
        " credit DECIMAL(12,2) NOT NULL, profile JSON NOT NULL, created_at DATETIME(3) NOT NULL,"
        " UNIQUE KEY (email), KEY (created_at)",
        500_000,
        "n, {email}, ELT(1 + n % 10, {words}), ELT(1 + n % 3, 'new','active','gone'), n % 100000 / 7,"
        " JSON_OBJECT('n', n, 'tags', JSON_ARRAY(n % 7, LEFT(SHA2(n, 224), 32))),"
        " '2020-01-01' + INTERVAL n * 37 SECOND",
    ),
    "bench_order_lines": (
        "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT UNSIGNED NOT NULL,"
        " product_id INT UNSIGNED NOT NULL, quantity SMALLINT NOT NULL, price DECIMAL(10,2) NOT NULL,"
        " discount FLOAT NULL, code CHAR(16) NOT NULL, note VARCHAR(60) NULL, ordered_at DATETIME NOT NULL,"
        " KEY (customer_id), KEY (ordered_at)",
        6_000_000,
        "n, 1 + n * 7919 % 500000, 1 + n * 104729 % 60000, 1 + n % 9, n % 90000 / 9, IF(n % 5, NULL, n / 3),"
        " LEFT(SHA2(n, 224), 16), IF(n % 4, NULL, CONCAT('note ', LEFT(SHA2(n + 1, 224), 32))),"
        " '2021-01-01' + INTERVAL n * 23 SECOND",
    ),
    "bench_products": (
        "id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, sku CHAR(32) NOT NULL,"
        " price DECIMAL(10,2) NOT NULL, weight DOUBLE NOT NULL, description TEXT NOT NULL, UNIQUE KEY (sku)",
        60_000,
        "n, LEFT(SHA2(n, 224), 32), n % 90000 / 9, n / 7, {text}",
    ),
    "bench_articles": (
        "id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, slug VARCHAR(60) NOT NULL, "
        " body MEDIUMTEXT NOT NULL, thumbnail BLOB NOT NULL, KEY (slug)",
        100_000,
        "n, CONCAT('a-', LEFT(SHA2(n, 224), 32)), REPEAT({text}, 4), UNHEX(REPEAT(SHA2(n, 512), 12))",
    ),
    "bench_events": (
        "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, kind TINYINT NOT NULL, "
        " flags BIT(9) NOT NULL, payload VARBINARY(200) NOT NULL,"
        " at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), KEY (kind, at)",
        1_500_000,
        "n, n % 100, n % 512, UNHEX(SHA2(n, 256)), '2022-06-01 12:00:00' + INTERVAL n * 11 SECOND",
    ),
}


def make_database(endpoint: Endpoint, database: str, scale: float = 1.0) -> None:
    """Create the tables inside `database` (made if missing) and fill them. Takes minutes at scale 1."""
    with connect(endpoint) as connection:
        execute(connection, f"CREATE DATABASE IF NOT EXISTS {quoted(database)}")
        execute(connection, f"USE {quoted(database)}")
        execute(connection, "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', unique_checks = 0")
        # A replica or a rollback has no use for these rows, and the log would be as large as they are.
        execute(connection, "SET SESSION sql_log_bin = 0")
        for table, (columns, at_scale_one, select) in _TABLES.items():
            _fill(connection, table, columns, max(1, int(at_scale_one * scale)), select)
        listed = ", ".join(quoted(table) for table in _TABLES)
        execute(connection, f"ANALYZE NO_WRITE_TO_BINLOG TABLE {listed}")


def _fill(connection: Connection, table: str, columns: str, total: int, select: str) -> None:
    execute(connection, f"CREATE TABLE {quoted(table)} ({columns})")
    email, text = _EMAIL.format(words=_WORDS), _TEXT.format(words=_WORDS)
    chosen = select.format(words=_WORDS, email=email, text=text)
    first, most = 1, 200_000
    while first <= total:
        count = min(most, total - first + 1)
        execute(
            connection,
            f"INSERT INTO {quoted(table)} WITH RECURSIVE k (v) AS"
            # 1000 is how deep a server lets a recursion go by default.
            " (SELECT 0 UNION ALL SELECT v + 1 FROM k WHERE v < 999)"
            f" SELECT {chosen} FROM (SELECT {first} + high.v * 1000 + low.v AS n FROM k AS high JOIN k AS low"
            f" WHERE high.v * 1000 + low.v < {count}) AS numbers ORDER BY n",
        )
        first += count


def size(connection: Connection, database: str) -> int:
    """Bytes of the database's tables and indexes, by the server's statistics."""
    sql = "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = %s"
    return int(value(connection, sql, (database,)) or 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    # The URL comes from standard input: on the command line everyone could read its password.
    endpoint, database = parse_database_url(sys.stdin.readline().strip())
    begun = time.monotonic()
    make_database(endpoint, database, options.scale)
    with connect(endpoint) as connection:
        print(f"{size(connection, database) / 1e9:.2f} GB in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
