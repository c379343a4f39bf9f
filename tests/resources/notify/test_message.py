"""The text of a message, in both languages and every length."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.notify.bounded import bounded_event
from resources.notify.event import KINDS, Event
from resources.notify.message import cut, message_of
from resources.notify.texts import texts

EVIDENCE = {
    "deployment": "20261126T000000.000Z-00001-abcdef",
    "target": "shop@db:3306",
    "outcome": "rolled_back",
    "reason": "a gate failed",
    "at": "2026-11-26T00:00:00Z",
    "commit": {"id": "0123456789abcdef" * 2, "subject": "Add e-mail", "dirty": False},
    "backup": {"id": "20261126T000000Z-full", "engine": "clone"},
    "migration": {"applied_migrations": ["20260101_init"], "success": False},
    "validation": None,
    "health": {"healthy": True},
    "rollback": {"tables": ["User", "Post"], "lost": {}, "aside": None},
    "error": {"what": "a gate failed", "why": "Duplicate entry", "where": "migration.sql:5"},
    "timings": {"apply": 1.25, "backup": 2.0},
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_title_a_meaning_the_facts_and_the_next_command_in_both_languages(kind, language):
    message = message_of("id-1", "now", Event(kind, "d-1", "x", EVIDENCE, "dbsync rollback"), language)
    lines = message.text.split("\n")
    words = texts(language)
    assert words.titles[kind] in lines[0] and "shop@db:3306" in lines[0]
    assert lines[1] == words.meanings[kind]
    assert lines[-1] == f"{words.labels['next']}: dbsync rollback"
    for fact in ("Duplicate entry", "0123456789ab Add e-mail", "20260101_init", "User, Post", "3.2", "id-1"):
        assert fact in message.text, fact
    assert message.text.count("a gate failed") == 1, "said once, though it is reason and error"


def test_no_meaning_is_the_same_in_two_kinds_and_chinese_is_chinese():
    for language in ("en", "zh"):
        assert len(set(texts(language).meanings.values())) == len(KINDS)
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in texts("zh").meanings.values())


@given(st.integers(60, 3000), st.dictionaries(st.text(max_size=8), st.text(max_size=900), max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_message_fits_its_limit_and_keeps_its_title_and_its_next_command(most, facts):
    event = bounded_event(Event("failure", "d-1", "failed", facts, "dbsync status"))
    text = cut(message_of("id-1", "now", event, "zh"), most)
    assert len(text.encode()) <= most
    assert text.split("\n")[-1] == "下一步: dbsync status" and text.startswith("dbsync")


def test_the_id_is_the_last_thing_to_go():
    event = Event("failure", "d-1", "failed", {"reason": "r" * 500}, "dbsync status")
    message = message_of("id-1", "now", event, "en")
    short = cut(message, 200)
    assert "id: id-1" in short and "rrr" not in short
