"""What is wrong between folder and history, each kind told apart."""

from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from resources.prisma.checksum import checksum
from resources.prisma.findings import Finding, history_findings
from resources.prisma.folder import MigrationFile
from resources.prisma.history import MigrationRow

_number = count()


def file(name: str, content: bytes = b"SELECT 1;\n", *, missing: bool = False) -> MigrationFile:
    return MigrationFile(name, Path(name) / "migration.sql", content, checksum(content), missing)


def row(
    name: str, content: bytes = b"SELECT 1;\n", *, finished: bool = True, rolled_back: bool = False
) -> MigrationRow:
    at = datetime(2024, 1, 1) + timedelta(seconds=next(_number))
    return MigrationRow(
        str(at), checksum(content), at if finished else None, name, None, at if rolled_back else None, at, 1
    )


def kinds(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.kind, finding.migration) for finding in found]


def test_a_clean_history_has_no_findings() -> None:
    assert history_findings([file("1_a"), file("2_b"), file("3_new")], [row("1_a"), row("2_b")]) == []


def test_edited_missing_failed_and_out_of_order_are_told_apart() -> None:
    files = [file("1_a", b"edited"), file("2_late"), file("4_d"), file("5_failed")]
    rows = [row("1_a"), row("3_gone"), row("4_d"), row("5_failed", finished=False)]
    found = history_findings(files, rows)
    assert kinds(found) == [
        ("failed", "5_failed"), ("edited", "1_a"), ("missing", "3_gone"), ("out_of_order", "2_late"),
    ]  # fmt: skip
    assert len({finding.what for finding in found}) == 4
    hints = [finding.hint for finding in found]
    assert "resolve --rolled-back 5_failed" in hints[0]
    assert "git log -p" in hints[1]
    assert "deploy --accept 3_gone" in hints[2]
    assert "rename" in hints[3]


def test_other_line_endings_are_not_an_edit() -> None:
    assert history_findings([file("1_a", b"SELECT 1;\r\n")], [row("1_a", b"SELECT 1;\n")]) == []


def test_a_failed_migration_without_a_folder_is_still_failed() -> None:
    assert kinds(history_findings([], [row("1_a", finished=False)])) == [("failed", "1_a")]


def test_a_rolled_back_migration_counts_as_not_applied() -> None:
    edited = file("2_b", b"corrected")
    assert (
        history_findings([file("1_a"), edited], [row("1_a"), row("2_b", finished=False, rolled_back=True)])
        == []
    )
    # Applied again after the correction: judged by the row that counts (Prisma 7.9 and later).
    again = [row("1_a"), row("2_b", rolled_back=True), row("2_b", b"corrected")]
    assert history_findings([file("1_a"), edited], again) == []


def test_accepted_migrations_are_tolerated_but_failed_ones_never() -> None:
    files = [file("1_a", b"edited"), file("2_late")]
    rows = [row("1_a"), row("3_gone"), row("4_failed", finished=False)]
    found = history_findings(files, rows, {"1_a", "2_late", "3_gone", "4_failed"})
    assert {finding.kind for finding in found if not finding.accepted} == {"failed"}


def test_a_pending_folder_without_a_script_is_missing() -> None:
    found = history_findings([file("1_a", b"", missing=True)], [])
    assert kinds(found) == [("missing", "1_a")]
    assert "P3015" in found[0].what


def test_an_ambiguous_order_is_said_for_pending_migrations_only() -> None:
    files = [file("20210101_init"), file("20210101000000_init")]
    found = history_findings(files, [])
    assert kinds(found) == [("order_ambiguous", "20210101_init")]
    assert not found[0].blocking
    assert history_findings(files, [row("20210101000000_init"), row("20210101_init")]) == []


def test_an_order_that_cannot_be_known_blocks() -> None:
    found = history_findings([file("x_größe"), file("x_grüße")], [])
    assert [finding.blocking for finding in found] == [True]


def test_names_are_shown_inert_and_quoted_for_the_shell() -> None:
    (found,) = history_findings([], [row("1_a\x1b[2J; rm -rf /")])
    assert "\x1b" not in found.what + found.hint
    assert "--accept '1_a" in found.hint
