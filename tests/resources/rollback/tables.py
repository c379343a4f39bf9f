"""Tables of every kind that has made trouble for tablespaces or row events elsewhere."""

from __future__ import annotations

KINDS: dict[str, list[str]] = {
    "plain": [
        "CREATE TABLE {t} (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(50), KEY (v)) AUTO_INCREMENT = 900",
        "INSERT INTO {t} VALUES (1, 'a'), (2, 'b')",
    ],
    "counter ahead": [
        "CREATE TABLE {t} (v INT, n INT AUTO_INCREMENT, PRIMARY KEY (v), KEY (n))",
        "INSERT INTO {t} VALUES (5, 1), (6, 70)",
        "DELETE FROM {t} WHERE n = 70",
    ],
    "instant add": [
        "CREATE TABLE {t} (id INT PRIMARY KEY, v VARCHAR(50))",
        "INSERT INTO {t} VALUES (1, 'a'), (2, 'b')",
        "ALTER TABLE {t} ADD COLUMN w INT DEFAULT 7 AFTER id, ALGORITHM=INSTANT",
        "INSERT INTO {t} VALUES (3, 9, 'c')",
    ],
    "instant drop": [
        "CREATE TABLE {t} (id INT PRIMARY KEY, v VARCHAR(50), x INT, y CHAR(3), KEY (v))",
        "INSERT INTO {t} VALUES (1, 'a', 5, 'q'), (2, 'b', 6, 'r')",
        "ALTER TABLE {t} DROP COLUMN x, ALGORITHM=INSTANT",
        "INSERT INTO {t} VALUES (3, 'c', 's')",
        "ALTER TABLE {t} ADD COLUMN x INT DEFAULT 3 FIRST, ALGORITHM=INSTANT",
        "UPDATE {t} SET v = 'zzzzzzzzzzzz' WHERE id = 1",
    ],
    "generated": [
        "CREATE TABLE {t} (id INT PRIMARY KEY, v INT, g INT AS (v * 2) VIRTUAL, s INT AS (v * 3) STORED,"
        " d INT DEFAULT (v + 1), KEY (g), KEY ((v + 1)), UNIQUE KEY (s))",
        "INSERT INTO {t} (id, v) VALUES (1, 4), (2, 5)",
        "ALTER TABLE {t} ADD COLUMN late INT AS (v * 5) VIRTUAL",
        "ALTER TABLE {t} ADD KEY (late)",
    ],
    "many valued": [
        "CREATE TABLE {t} (id INT PRIMARY KEY, doc JSON, f FLOAT, at TIMESTAMP NULL,"
        " KEY `tags` ((CAST(doc->'$.tags' AS UNSIGNED ARRAY))), KEY (f))",
        "INSERT INTO {t} SELECT n, JSON_OBJECT('tags', JSON_ARRAY(n, n + 1)), n / 3, '2020-01-01 00:00:00'"
        " FROM (SELECT 1 n UNION SELECT 2 UNION SELECT 3) a",
        "INSERT INTO {t} VALUES (9, NULL, 16777217, NULL)",
    ],
    "spatial": [
        "CREATE TABLE {t} (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, g GEOMETRY, SPATIAL KEY (p))",
        "INSERT INTO {t} SELECT 1 + a.n * 10 + b.n, ST_GeomFromText(CONCAT('POINT(', a.n, ' ', b.n, ')'),"
        " 4326), NULL FROM (SELECT 0 n UNION SELECT 1 UNION SELECT 2) a, (SELECT 0 n UNION SELECT 1) b",
    ],
    "redundant": [
        "CREATE TABLE {t} (id INT PRIMARY KEY, v TEXT) ROW_FORMAT=REDUNDANT",
        "INSERT INTO {t} VALUES (1, REPEAT('a', 9000)), (2, 'b')",
    ],
    "no key": [
        "CREATE TABLE {t} (id INT, v LONGTEXT, KEY (id))",
        "INSERT INTO {t} VALUES (1, REPEAT('a', 900000)), (2, 'b'), (2, 'b'), (NULL, NULL)",
    ],
    "unique instead": [
        "CREATE TABLE {t} (a INT NOT NULL, b VARCHAR(9), UNIQUE KEY (a), KEY (b), KEY ((a + 1)))",
        "INSERT INTO {t} VALUES (3, 'x'), (1, NULL)",
    ],
    "partitioned": [
        "CREATE TABLE {t} (id INT PRIMARY KEY, v TEXT) PARTITION BY RANGE (id)"
        " (PARTITION low VALUES LESS THAN (10), PARTITION `Hi gh` VALUES LESS THAN MAXVALUE)",
        "INSERT INTO {t} VALUES (1, 'a'), (100, 'b')",
    ],
    "subpartitioned": [
        "CREATE TABLE {t} (id INT, d DATE, v TEXT, KEY (d)) PARTITION BY RANGE COLUMNS (id)"
        " SUBPARTITION BY HASH (TO_DAYS(d)) SUBPARTITIONS 2"
        " (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN (MAXVALUE))",
        "INSERT INTO {t} VALUES (1, '2020-01-01', 'a'), (100, '2020-01-02', 'b')",
    ],
    "odd keys": [
        "CREATE TABLE {t} (id INT, v VARCHAR(300), b BLOB, PRIMARY KEY (id DESC), KEY (v (10) DESC),"
        " UNIQUE KEY (b (20)), KEY hidden (v) COMMENT 'a `(b)`, c' INVISIBLE)",
        "INSERT INTO {t} VALUES (1, 'a', 'x'), (2, 'b', 'y')",
    ],
    "invisible": [
        "CREATE TABLE {t} (id INT PRIMARY KEY, v INT INVISIBLE DEFAULT 3)",
        "INSERT INTO {t} (id, v) VALUES (1, 3), (2, 4)",
    ],
    "generated key": [
        "SET SESSION sql_generate_invisible_primary_key = ON",
        "CREATE TABLE {t} (v INT, KEY (v))",
        "INSERT INTO {t} VALUES (1), (3)",
        "SET SESSION sql_generate_invisible_primary_key = OFF",
    ],
    "typed": [
        "CREATE TABLE {t} (f FLOAT, d DOUBLE, j JSON, b BIT(13), y YEAR, t TIME(3), ts TIMESTAMP(6) NULL,"
        " dt DATETIME(2), e ENUM('ä', 'b') CHARACTER SET latin1, s SET('x', 'y'), u CHAR(10) CHARACTER SET"
        " utf16, n DECIMAL(65, 30), bi BINARY(4), vb VARBINARY(9), m MEDIUMINT UNSIGNED, x VECTOR(3))",
        "INSERT INTO {t} VALUES (16777216, 0.1, JSON_OBJECT('d', CAST('2020-01-01' AS DATE), 'n',"
        " CAST(1.50 AS DECIMAL(5,2))), b'1010101010101', 2155, '-838:59:58.999',"
        " '2038-01-19 03:14:07.999999', '9999-12-31 23:59:59.99', 'ä', 'x,y', '😀',"
        " 12345678901234567890.012345678901234567890, 'a', x'00ff', 16777215, TO_VECTOR('[1,2,3]'))",
        "INSERT INTO {t} (f, d) VALUES (-0.0, 1e308)",
    ],
    "text key": [
        "CREATE TABLE {t} (id VARCHAR(191) COLLATE utf8mb4_unicode_ci, n INT UNSIGNED, v TEXT,"
        " PRIMARY KEY (id, n), KEY (n))",
        "INSERT INTO {t} SELECT CONCAT(ELT(1 + a.n % 3, 'é', 'Zz', 'a '), a.n DIV 5), a.n, REPEAT('x', 100)"
        " FROM (WITH RECURSIVE k (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM k WHERE n < 200)"
        " SELECT n FROM k) a",
    ],
    'we`ird n"äme/#p#x': [
        "CREATE TABLE {t} (`a``b` INT PRIMARY KEY, `select` INT, KEY `we ird` (`select`))",
        "INSERT INTO {t} VALUES (1, 2)",
    ],
}
"""Name → statements, `{t}` being the table."""

NO_FILES: dict[str, tuple[str, list[str]]] = {
    "words": (
        "FULLTEXT",
        [
            "CREATE TABLE {t} (id INT PRIMARY KEY, v TEXT, n INT, FULLTEXT KEY (v), KEY (n))",
            "INSERT INTO {t} VALUES (1, 'hello world', 4)",
        ],
    ),
    "compressed": (
        "COMPRESSED",
        [
            "CREATE TABLE {t} (id INT PRIMARY KEY, v TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8",
            "INSERT INTO {t} VALUES (1, REPEAT('a', 9000))",
        ],
    ),
    "pages": (
        "compressed",
        [
            "CREATE TABLE {t} (id INT PRIMARY KEY, v TEXT) COMPRESSION='zlib'",
            "INSERT INTO {t} VALUES (1, 'a')",
        ],
    ),
    "compact": (
        "row format",
        [
            "SET GLOBAL innodb_default_row_format = compact",
            "CREATE TABLE {t} (id INT PRIMARY KEY, v TEXT)",
            "SET GLOBAL innodb_default_row_format = dynamic",
            "INSERT INTO {t} VALUES (1, 'a')",
        ],
    ),
}
"""Name → (a word of the reason why it cannot go as a file, statements)."""


def statements(kinds: dict[str, list[str]]) -> list[str]:
    from resources.mysql.connection import quoted

    return [text.replace("{t}", quoted(name)) for name, texts in kinds.items() for text in texts]
