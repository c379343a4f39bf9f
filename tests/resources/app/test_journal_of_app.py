"""What a deployment owes of the application, as its journal tells."""

from __future__ import annotations

from resources.journal import Journal


def _phases(journal: Journal, *phases: str):
    entry = journal.begin("t")
    for phase in phases:
        journal.record(entry, phase)
    return journal.get(entry)


def test_a_switch_is_owed_until_it_was_put_back_or_that_failed(tmp_path):
    journal = Journal(tmp_path)
    assert not _phases(journal, "app_built").app_to_put_back
    assert _phases(journal, "app_built", "app_switching").app_to_put_back
    assert not _phases(journal, "app_switching", "app_switched", "app_back").app_to_put_back
    assert not _phases(journal, "app_switching", "app_back_failed").app_to_put_back, "never tried in a loop"


def test_the_application_s_phases_do_not_hide_the_database_s(tmp_path):
    entry = _phases(Journal(tmp_path), "applying", "applied", "validated", "app_switching", "app_switched")
    assert entry.phase == "validated"


def test_a_database_that_is_back_is_not_all_while_the_application_is_owed(tmp_path):
    journal = Journal(tmp_path)
    assert not _phases(journal, "app_switching", "applying", "rolled_back").is_final
    assert _phases(journal, "app_switching", "applying", "rolled_back", "app_back").is_final
    assert _phases(journal, "app_switching", "applying", "released").is_final
