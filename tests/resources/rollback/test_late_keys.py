"""Which secondary indexes wait until the rows are there."""

from __future__ import annotations

from resources.rollback.late_keys import without_late_keys


def table(*lines: str) -> str:
    return "\n".join(["CREATE TABLE `t` (", ",\n".join(f"  {line}" for line in lines), ") ENGINE=InnoDB"])


def test_plain_indexes_come_in_one_statement_and_those_over_expressions_apart():
    split = without_late_keys(
        table(
            "`id` int NOT NULL",
            "`a` int DEFAULT NULL COMMENT ', KEY `x` (`a`)'",
            "PRIMARY KEY (`id`)",
            "UNIQUE KEY `u` (`a`)",
            "KEY `k``1` (`a`,`id`)",
            "KEY `f` (((`a` + 1)))",
        )
    )
    assert split.text == table(
        "`id` int NOT NULL", "`a` int DEFAULT NULL COMMENT ', KEY `x` (`a`)'", "PRIMARY KEY (`id`)"
    )
    assert split.alters == (
        "ADD UNIQUE KEY `u` (`a`), ADD KEY `k``1` (`a`,`id`)",
        "ADD KEY `f` (((`a` + 1)))",
    )


def test_indexes_that_the_rows_or_the_counter_need_stay():
    without_primary = table("`a` int NOT NULL", "UNIQUE KEY `u` (`a`)", "KEY `k` (`a`)")
    assert without_late_keys(without_primary).text == without_primary
    counted = table(
        "`v` int NOT NULL",
        "`n` int NOT NULL AUTO_INCREMENT",
        "PRIMARY KEY (`v`)",
        "KEY `n` (`n`)",
        "FULLTEXT KEY `w` (`v`)",
    )
    assert without_late_keys(counted) == type(without_late_keys(counted))(counted, ())
