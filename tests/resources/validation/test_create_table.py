from __future__ import annotations

from resources.mysql.connection import execute, rows
from resources.validation.create_table import parse_table, split_list

WILD = """CREATE TABLE `w``ild` (
  `id` TINYINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  `a,b` VARCHAR(20) DEFAULT 'x\\n) ENGINE=MyISAM' COMMENT 'KEY `k` (`a`)',
  `e` ENUM('a,b','c''d') CHARACTER SET latin1,
  `g` VARCHAR(30) GENERATED ALWAYS AS (CONCAT(`a,b`, ' COLLATE x')) VIRTUAL,
  UNIQUE KEY `u` ((LOWER(`a,b`)), `e`), KEY `p` (`a,b`(10) DESC),
  CONSTRAINT `c` CHECK (`a,b` <> 'x\\ny')
) AUTO_INCREMENT = 7 COMMENT='x`y, ENGINE=z' STATS_PERSISTENT=1"""


def _table(connection):
    execute(connection, WILD)
    return parse_table(rows(connection, "SHOW CREATE TABLE `w``ild`")[0][1])


def test_each_element_of_a_wild_table_is_one_entry(connection):
    assert list(_table(connection).elements) == [
        "column `id`",
        "column `a,b`",
        "column `e`",
        "column `g`",
        "primary key",
        "key `u`",
        "key `p`",
        "check `c`",
        "option ENGINE",
        "option DEFAULT CHARSET",
        "option COLLATE",
        "option STATS_PERSISTENT",
        "option COMMENT",
    ]


def test_the_auto_increment_counter_is_not_an_option(connection):
    assert "AUTO_INCREMENT" not in _table(connection).options


def test_a_list_is_split_at_its_own_commas_only():
    assert list(split_list("(lower(`a,b`)),`e`,`c``d`(10) DESC) USING BTREE")) == [
        "(lower(`a,b`))",
        "`e`",
        "`c``d`(10) DESC",
    ]
    assert list(split_list("concat('a,)',`x`), 'it''s', 'b\\',')")) == [
        "concat('a,)',`x`)",
        "'it''s'",
        "'b\\','",
    ]
