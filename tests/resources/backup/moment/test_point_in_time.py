"""The state at a moment of the past equals a control that was taken at that moment."""

from __future__ import annotations

import pytest

from resources.backup.incremental.make import make_incremental_backup
from resources.backup.moment.moment import END, parse_moment
from resources.backup.open import open_backup
from resources.mysql.connection import execute
from tests.resources.backup.conftest import world
from tests.resources.backup.incremental.conftest import DATABASE

pytestmark = pytest.mark.slow


def at(text: str):
    moment = parse_moment(text)
    assert moment
    return moment


def many_kinds(sql) -> None:
    """Writes of every kind that a log may hold."""
    statements = """
    INSERT INTO parent (name) VALUES ('new'), ('newer 😀')
    UPDATE child SET amount = amount / 3, flags = b'11', t = '12:00:00.5', hidden = 8 WHERE id = 1
    DELETE FROM parent WHERE name = 'one'
    UPDATE documents SET body = JSON_SET(body, '$.d', CAST('2026-01-01' AS DATE), '$.x', 1.10) WHERE id = 1
    INSERT INTO numbers VALUES (16777217, 0.1), (1e-40, -0.0)
    INSERT INTO blobs VALUES (4, REPEAT(x'27005c0a', 300000), x'00', NULL)
    ALTER TABLE dates ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'x' FIRST
    INSERT INTO dates (id, d, dt) VALUES (3, '0000-00-00', '2026-01-01')
    ALTER TABLE dates RENAME COLUMN note TO remark
    CREATE TABLE made (id INT PRIMARY KEY, g POINT NOT NULL SRID 4326, v VECTOR(3))
    INSERT INTO made VALUES (1, ST_GeomFromText('POINT(1 2)', 4326), TO_VECTOR('[1,2,3]'))
    CREATE TABLE copied AS SELECT * FROM words
    ALTER TABLE parts TRUNCATE PARTITION low
    TRUNCATE empty_one
    CREATE VIEW late AS SELECT * FROM made
    CREATE TRIGGER made_too AFTER INSERT ON made FOR EACH ROW INSERT INTO empty_one VALUES (NEW.id)
    INSERT INTO made VALUES (2, ST_GeomFromText('POINT(3 4)', 4326), NULL)
    CREATE PROCEDURE later() SELECT 1
    DROP FUNCTION twice
    CREATE EVENT weekly ON SCHEDULE EVERY 1 WEEK STARTS '2040-01-01' DO DELETE FROM empty_one WHERE id = -1
    CREATE EVENT off_one ON SCHEDULE EVERY 1 WEEK DISABLE DO SELECT 1
    ALTER EVENT nightly COMMENT 'altered'
    CREATE USER 'temp'@'localhost'
    GRANT SELECT ON shop.* TO 'temp'@'localhost'
    FLUSH PRIVILEGES
    DROP USER 'temp'@'localhost'
    """
    execute(sql, "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'")
    for statement in filter(None, map(str.strip, statements.strip().split("\n"))):
        execute(sql, statement)
    for statement in ("XA START 'x'", "INSERT INTO log (v) VALUES ('xa')", "XA END 'x'", "XA PREPARE 'x'"):
        execute(sql, statement)
    with connect_again(sql) as other:
        execute(other, "INSERT INTO log (v) VALUES ('while it is prepared')")
    execute(sql, "XA COMMIT 'x'")
    execute(sql, "SET SESSION binlog_format = 'STATEMENT'")
    execute(sql, "INSERT INTO log (v) VALUES (RAND())")
    execute(sql, "SET SESSION binlog_format = 'ROW'")
    execute(sql, "SET SESSION binlog_transaction_compression = ON")
    execute(sql, "INSERT INTO log (v) SELECT REPEAT(v, 50) FROM log")
    execute(sql, "SET SESSION binlog_transaction_compression = OFF")


def connect_again(sql):
    return type(sql)(
        host=sql.host,
        port=sql.port,
        user=sql.user.decode(),
        password=sql.password.decode(),
        database=DATABASE,
        autocommit=True,
    )


def test_every_moment_can_be_reached(shop, origin, sql, write, remember, open_at):
    write("before all")
    start = remember()
    many_kinds(sql)
    first = remember()
    make_incremental_backup(shop)
    write("in the second")
    execute(sql, "FLUSH BINARY LOGS")  # a rotation in the middle
    write("after the rotation")
    second = remember()
    write("more")
    last_increment = make_incremental_backup(shop)
    third = remember()
    write("on the server only")
    fourth = remember()
    execute(sql, "DROP TABLE child, blobs")  # the mistake
    write("after the mistake")

    for then in (start, first, second, third, fourth):
        opened = open_at(at(then.time))
        seen = world(opened.server.endpoint, DATABASE)
        assert seen == then.world, then.time
        if then.gtids:
            assert str(opened.plan.gtids) == then.gtids
            by_gtid = open_at(parse_moment(to_gtid=then.gtids))
            assert world(by_gtid.server.endpoint, DATABASE) == then.world
            by_gtid.server.kill()
        opened.server.kill()
    # The named backup's own end; a full one, and an increment.
    assert world(open_at(END, last_increment.id).server.endpoint, DATABASE) == third.world
    by_id = open_backup(shop, last_increment.id, shop.state / "end")
    try:
        assert world(by_id.endpoint, DATABASE) == third.world
    finally:
        by_id.discard()
    untouched = open_at(END, origin.full.id)
    assert untouched.plan.replayed.transactions == 0
    assert world(untouched.server.endpoint, DATABASE).digests == dict(origin.full.tables)
