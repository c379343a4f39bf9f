"""SQL as the UI shows it: in a block that nothing inside it can leave, bounded, without secrets."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from dbsync_assets.sql_blocks import LONGEST, applied_scripts, differences, fenced, scripts
from resources.prisma.folder import MigrationFile
from resources.redact import MASK, remember
from resources.validation.compare import Difference


def file(name: str, sql: str) -> MigrationFile:
    return MigrationFile(name, Path(name), sql.encode(), "")


def text(value: dg.MetadataValue) -> str:
    assert isinstance(value, dg.MarkdownMetadataValue)
    return str(value.value)


def test_pending_migrations_stand_in_one_block_each_under_its_name():
    shown = text(scripts([file("1_a", "CREATE TABLE `a` (`x` INT);\r\n"), file("2_b", "DROP TABLE `a`;\n")]))
    assert shown == ("```sql\n-- 1_a\nCREATE TABLE `a` (`x` INT);\n\n-- 2_b\nDROP TABLE `a`;\n```")


def test_each_applied_statement_stands_behind_the_time_it_took():
    files = [
        file("1_a", "CREATE TABLE a (x INT);\n-- why\nINSERT INTO a VALUES (';');"),
        file("0_old", "SELECT 1"),
    ]
    shown = text(applied_scripts(files, {"1_a": [0.25, 1.5]}))
    assert shown.splitlines() == [
        "```sql",
        "-- 1_a: 2 statements, 1.750 s",
        "-- 0.250 s",
        "CREATE TABLE a (x INT);",
        "-- 1.500 s",
        "INSERT INTO a VALUES (';');",
        "```",
    ]


def test_a_script_that_the_server_splits_otherwise_is_shown_whole_and_no_time_is_given_to_a_wrong_statement():
    shown = text(applied_scripts([file("1_a", "SELECT 1; SELECT 2;")], {"1_a": [0.5]}))
    assert "SELECT 1; SELECT 2;" in shown and shown.count("0.500 s") == 1


def test_differences_are_a_diff_of_what_is_expected_and_what_is_there():
    found = [Difference("different", "table `a`", "column `x`", "`x` int", "`x` bigint")]
    shown = text(differences(found)).splitlines()
    assert shown[:2] == ["```diff", "# table `a`, column `x`: different"]
    assert shown[-3:] == ["-`x` int", "+`x` bigint", "```"]


def test_no_fence_inside_closes_the_block_and_no_control_character_gets_out():
    shown = text(fenced("sql", "-- ````\n![x](http://somewhere)\x1b[2J"))
    assert shown.startswith("`````sql\n") and shown.endswith("\n`````")
    assert "\x1b" not in shown


def test_what_is_long_is_cut_and_a_secret_at_the_cut_is_not_shown():
    remember("correct-horse-battery")
    shown = text(fenced("sql", "x" * (LONGEST - 5) + "correct-horse-battery" + "y" * LONGEST))
    assert "corre" not in shown and MASK in shown
    assert len(shown) < LONGEST + 100 and "cut after" in shown
    many = [file(f"{number}_a", "SELECT 1;\n" * 1000) for number in range(1000)]
    assert len(text(scripts(many))) < LONGEST + 100
    assert len(text(applied_scripts(many, {one.name: [0.1] * 1000 for one in many}))) < LONGEST + 100
