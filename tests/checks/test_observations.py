"""Observations warn, say what to type, and never raise, whatever the storage looks like."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from checks import backup_fresh, catalog_sound, storage_headroom
from checks.observation import Seen, observed
from resources.mysql.connection import value
from tests.resources.backup.test_retention import add, flip, storage

__all__ = ["add", "storage"]


@pytest.fixture
def here(target, storage):
    """A target whose database is that of the backups which `add` puts there."""
    return replace(target, storage=storage, database="shop")


@pytest.fixture
def uuid(connection) -> str:
    return str(value(connection, "SELECT @@server_uuid"))


def test_a_young_proven_backup_passes_and_an_old_one_warns(here, add, uuid):
    assert not backup_fresh.look(here).good, "there is none"
    add(1, timestamp_text=(datetime.now(UTC) - timedelta(days=1)).isoformat(), server_uuid=uuid)
    seen = backup_fresh.look(here)
    assert seen.good and 23.9 < float(seen.figures["age hours"]) < 24.1
    old = backup_fresh.look(replace(here, backup_max_age=3600.0))
    assert not old.good and old.hint == "dbsync backup" and "BACKUP_MAX_AGE is 1 h" in old.text
    add(2, timestamp_text=(datetime.now(UTC) + timedelta(days=1)).isoformat(), server_uuid=uuid)
    assert not backup_fresh.look(here).good, "it is dated ahead of the clock"


def test_headroom_shows_figures_that_can_be_plotted(here, add):
    assert storage_headroom.look(here).good, "nothing is known before the first backup"
    add(1)
    seen = storage_headroom.look(here)
    assert seen.good
    assert all(isinstance(value, (int, float)) for value in seen.figures.values())
    assert {"free GB", "next backup MB", "backups that fit"} <= set(seen.figures)


def test_a_damaged_backup_is_named_with_the_command_that_reads_it(here, add):
    one = add(1)
    assert catalog_sound.look(here).text.startswith("the index was missing")
    flip(here.storage / one.id / "manifest.json")
    seen = catalog_sound.look(here)
    assert not seen.good and seen.hint == f"dbsync backups verify {one.id}"
    assert seen.figures["damaged manifests"] == 1


def test_a_warning_is_no_failure_of_a_run():
    result = observed(lambda: Seen(False, "too old", "dbsync backup", {"age hours": 30.0}))
    assert not result.passed and result.severity == dg.AssetCheckSeverity.WARN
    assert result.metadata["hint"].value == "dbsync backup"


def test_what_cannot_be_looked_at_warns_and_does_not_raise():
    """An error in a check would fail the run, and a failed deployment is rolled back."""

    def broken() -> Seen:
        raise PermissionError(13, "Permission denied", "/backups")

    result = observed(broken)
    assert not result.passed and result.severity == dg.AssetCheckSeverity.WARN
    assert "could not be looked at" in (result.description or "") and "/backups" in (result.description or "")


def test_secrets_and_control_characters_do_not_reach_the_page():
    from resources.redact import remember

    remember("hunter22-canary")
    result = observed(lambda: Seen(False, "of hunter22-canary\x1b[2J"))
    assert "hunter22" not in (result.description or "") and "\x1b" not in (result.description or "")
