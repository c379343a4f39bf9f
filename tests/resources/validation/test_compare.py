"""Two databases on one server, changed by hand: what `compare` says about them."""

from __future__ import annotations

import pytest

from resources.mysql.connection import execute
from resources.mysql.schema import read_schema
from resources.validation.compare import COLUMN_ORDER, compare

BASE = [
    "CREATE TABLE parent (id INT NOT NULL AUTO_INCREMENT, name VARCHAR(20) NOT NULL, PRIMARY KEY (id),"
    " UNIQUE KEY name_key (name)) COMMENT 'it''s, ENGINE=x'",
    "CREATE TABLE child (id BIGINT UNSIGNED NOT NULL, parent_id INT, kind ENUM('a','b') NOT NULL DEFAULT 'a',"
    " note TEXT, amount DECIMAL(10,2) NOT NULL DEFAULT '0.00', PRIMARY KEY (id), KEY kind_idx (kind),"
    " KEY amount_idx (amount), CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES parent (id),"
    " CONSTRAINT positive CHECK (amount >= 0))",
    "CREATE TABLE log (day DATE NOT NULL) PARTITION BY RANGE (YEAR(day))"
    " (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN (2030))",
    "CREATE VIEW named AS SELECT id, name FROM parent WHERE name <> ''",
    "CREATE TRIGGER stamp BEFORE INSERT ON child FOR EACH ROW SET NEW.note = 'x'",
    "CREATE PROCEDURE proc() BEGIN SELECT 1; SELECT 2; END",
    "CREATE FUNCTION func() RETURNS INT DETERMINISTIC RETURN 1",
    "CREATE EVENT tick ON SCHEDULE EVERY 1 DAY DO DELETE FROM log",
]


@pytest.fixture(scope="module")
def expected(server):
    """The schema that BASE makes."""
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE compare_expected")
        try:
            return _made(admin, "compare_expected", BASE)
        finally:
            execute(admin, "DROP DATABASE compare_expected")


@pytest.fixture
def differences(connection, database, expected):
    """differences(*statements): what the statements, run on a database equal to `expected`, change."""

    def run(*statements, fold=0):
        return compare(
            expected, _made(connection, database, [*BASE, *statements]), lower_case_table_names=fold
        )

    return run


def _made(connection, database, statements):
    connection.select_db(database)
    for statement in statements:
        execute(connection, statement)
    return read_schema(connection, database)


def _said(found):
    return [str(difference) for difference in found]


def test_equal_databases_do_not_differ(differences):
    assert differences() == []


COSMETIC = {
    "AUTO_INCREMENT counter": ["ALTER TABLE parent AUTO_INCREMENT = 777"],
    "key order": ["ALTER TABLE child DROP KEY kind_idx", "ALTER TABLE child ADD KEY kind_idx (kind)"],
    "constraint order": [
        "ALTER TABLE child DROP CHECK positive",
        "ALTER TABLE child ADD CONSTRAINT positive CHECK (amount >= 0)",
    ],
    "definer of a view": [
        "CREATE OR REPLACE DEFINER = 'x`y'@'%' VIEW named AS SELECT id, name FROM parent WHERE name <> ''"
    ],
    "definer of a trigger": [
        "DROP TRIGGER stamp",
        "CREATE DEFINER = nobody@h TRIGGER stamp BEFORE INSERT ON child FOR EACH ROW SET NEW.note = 'x'",
    ],
    "start of an event": [
        "ALTER EVENT tick ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00'",
    ],
    "a character set written out": [
        "ALTER TABLE child MODIFY note TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci",
    ],
    "Prisma's own table": ["CREATE TABLE _prisma_migrations (id INT)"],
    "rows": ["INSERT INTO parent (name) VALUES ('x')"],
}


@pytest.mark.parametrize("name", COSMETIC)
def test_cosmetic_differences_are_not_reported(differences, name):
    assert _said(differences(*COSMETIC[name])) == []


REAL = {
    "CREATE TABLE extra (id INT)": ["table `extra`: unexpected"],
    "DROP TABLE log": ["table `log`: missing"],
    "ALTER TABLE child ADD surplus INT": ["table `child`, column `surplus`: unexpected"],
    "ALTER TABLE child DROP note": ["table `child`, column `note`: missing"],
    "ALTER TABLE child MODIFY note LONGTEXT": ["table `child`, column `note`: different"],
    "ALTER TABLE child MODIFY note TEXT NOT NULL": ["table `child`, column `note`: different"],
    "ALTER TABLE child MODIFY note TEXT COLLATE utf8mb4_bin": ["table `child`, column `note`: different"],
    "ALTER TABLE child MODIFY kind ENUM('a','b','c') NOT NULL DEFAULT 'a'": [
        "table `child`, column `kind`: different"
    ],
    "ALTER TABLE child ALTER amount SET DEFAULT 1": ["table `child`, column `amount`: different"],
    "ALTER TABLE child MODIFY note TEXT COMMENT 'CHARACTER SET x'": [
        "table `child`, column `note`: different"
    ],
    "ALTER TABLE child MODIFY note TEXT FIRST": ["table `child`, column order: different"],
    "ALTER TABLE child DROP PRIMARY KEY": ["table `child`, primary key: missing"],
    "ALTER TABLE child DROP KEY kind_idx": ["table `child`, key `kind_idx`: missing"],
    "ALTER TABLE child ADD UNIQUE KEY kind_2 (kind)": ["table `child`, key `kind_2`: unexpected"],
    "ALTER TABLE child DROP KEY kind_idx, ADD KEY kind_idx (kind, id)": [
        "table `child`, key `kind_idx`: different"
    ],
    "ALTER TABLE child RENAME KEY kind_idx TO other_idx": [
        "table `child`, key `kind_idx`: missing",
        "table `child`, key `other_idx`: unexpected",
    ],
    "ALTER TABLE child ALTER INDEX kind_idx INVISIBLE": ["table `child`, key `kind_idx`: different"],
    "ALTER TABLE child DROP FOREIGN KEY fk": ["table `child`, foreign key `fk`: missing"],
    "ALTER TABLE child DROP FOREIGN KEY fk,"
    " ADD CONSTRAINT fk2 FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE": [
        "table `child`, key `fk`: missing",
        "table `child`, foreign key `fk`: missing",
        "table `child`, key `fk2`: unexpected",
        "table `child`, foreign key `fk2`: unexpected",
    ],
    "ALTER TABLE child DROP CHECK positive": ["table `child`, check `positive`: missing"],
    "ALTER TABLE child ALTER CHECK positive NOT ENFORCED": ["table `child`, check `positive`: different"],
    "ALTER TABLE parent COMMENT 'other'": ["table `parent`, option COMMENT: different"],
    "ALTER TABLE parent ROW_FORMAT=COMPRESSED": ["table `parent`, option ROW_FORMAT: unexpected"],
    "ALTER TABLE log REMOVE PARTITIONING": [
        "table `log`, partitioning: missing",
        "table `log`, partition `p0`: missing",
        "table `log`, partition `p1`: missing",
    ],
    "ALTER TABLE log ADD PARTITION (PARTITION p2 VALUES LESS THAN (2040))": [
        "table `log`, partition `p2`: unexpected"
    ],
    "DROP VIEW named": ["view `named`: missing"],
    "CREATE OR REPLACE VIEW named AS SELECT id FROM parent": ["view `named`: different"],
    "ALTER SQL SECURITY INVOKER VIEW named AS SELECT id, name FROM parent WHERE name <> ''": [
        "view `named`: different"
    ],
    "DROP TRIGGER stamp": ["trigger `stamp`: missing"],
    "CREATE TRIGGER more AFTER INSERT ON child FOR EACH ROW SET @x = 1": ["trigger `more`: unexpected"],
    "DROP PROCEDURE proc": ["procedure `proc`: missing"],
    "CREATE FUNCTION proc() RETURNS INT DETERMINISTIC RETURN 2": ["function `proc`: unexpected"],
    "ALTER EVENT tick DISABLE": ["event `tick`: different"],
    "ALTER EVENT tick ON SCHEDULE EVERY 2 DAY": ["event `tick`: different"],
}


@pytest.mark.parametrize("statement", REAL)
def test_every_kind_of_difference_is_found_and_named(differences, statement):
    assert _said(differences(statement)) == REAL[statement]


def test_a_difference_carries_both_texts_and_a_unified_diff(differences):
    (found,) = differences("ALTER TABLE child MODIFY note VARCHAR(9)")
    assert found.expected == "text"
    assert found.actual == "varchar(9) DEFAULT NULL"
    assert found.diff.splitlines()[-2:] == ["-text", "+varchar(9) DEFAULT NULL"]


def test_a_changed_table_default_does_not_repeat_itself_for_every_column(differences):
    found = differences("ALTER TABLE parent DEFAULT COLLATE utf8mb4_bin")
    assert _said(found) == ["table `parent`, option COLLATE: different"]


def test_a_one_time_event_that_has_run_is_not_missed(connection, database):
    once = "CREATE EVENT once ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 DAY DO SELECT 1"
    before = _made(connection, database, [once])
    assert compare(before, _made(connection, database, ["DROP EVENT once"])) == []


def test_names_that_need_quoting_are_told_exactly(differences):
    (found,) = differences("CREATE TABLE `a``b, c` (`x``y` INT)")
    assert found.object == "table `a``b, c`"


def test_control_characters_in_a_name_are_shown_inert(differences):
    (found,) = differences("CREATE TABLE `a\x1b[31m` (x INT)")
    assert "\x1b" not in str(found)


def test_table_names_are_folded_only_where_the_target_folds_them(differences):
    rename = ["SET foreign_key_checks = 0", "RENAME TABLE log TO LOG", "SET foreign_key_checks = 1"]
    assert _said(differences(*rename)) == ["table `LOG`: unexpected", "table `log`: missing"]


def test_with_lower_case_table_names_case_does_not_count(differences):
    assert differences("RENAME TABLE log TO LOG", fold=1) == []


def test_accepted_drift_is_recognised_after_a_migration_changed_what_is_expected(differences):
    (order,) = differences("ALTER TABLE child MODIFY note TEXT FIRST")
    later = type(order)("different", order.object, COLUMN_ORDER, "a\nb", "b\na")
    assert later.is_as_accepted([order])
    other = type(order)("different", order.object, "column `note`", "text", "int")
    assert not other.is_as_accepted([order])


def test_a_new_column_may_follow_the_accepted_collation_of_its_table(connection, database):
    def found(collation, *statements):
        execute(connection, "DROP TABLE IF EXISTS a")
        made = f"CREATE TABLE a (id INT, v VARCHAR(9)) {collation}"
        return _made(connection, database, [made, *statements])

    add = "ALTER TABLE a ADD n VARCHAR(9) NOT NULL DEFAULT 'x', ADD e ENUM('a'), ADD i INT"
    for one, other in (
        ("COLLATE utf8mb4_unicode_ci", "COLLATE utf8mb4_0900_ai_ci"),
        ("COLLATE utf8mb4_0900_ai_ci", "COLLATE utf8mb4_unicode_ci"),
        ("COLLATE utf8mb4_unicode_ci", "CHARACTER SET latin1"),
        ("COLLATE latin1_bin", "CHARACTER SET latin1"),
    ):
        accepted = compare(found(one), found(other))
        later = compare(found(one, add), found(other, add))
        assert {"column `n`", "column `e`"} <= {difference.element for difference in later}
        assert [str(each) for each in later if not each.is_as_accepted(accepted)] == []
        assert not all(each.is_as_accepted([]) for each in later)
        for wrong in (
            add.replace("(9)", "(8)"),
            add.replace("(9)", "(9) COLLATE utf8mb4_bin"),
            add.replace("i INT", "i BIGINT"),
        ):
            refused = [
                each
                for each in compare(found(one, add), found(other, wrong))
                if not each.is_as_accepted(accepted)
            ]
            assert len(refused) == 1, wrong
