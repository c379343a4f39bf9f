"""Secrets never leave, in whatever spelling; untrusted text is shown inert."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from resources.mysql.endpoint import parse_database_url
from resources.redact import inert, redact, redact_value, remember

AWKWARD = "p'\"$ %@:/\nss"


def test_a_secret_is_masked_plain_and_percent_encoded():
    remember(AWKWARD)
    for spelling in (AWKWARD, quote(AWKWARD, safe=""), repr(AWKWARD)[1:-1]):
        assert "ss" not in redact(f"login with {spelling} failed")


def test_the_password_of_a_database_url_is_remembered_when_the_url_is_read():
    parse_database_url("mysql://app:s3cr3t%2Fword@h/db")
    assert redact("s3cr3t/word and s3cr3t%2Fword") == "***** and *****"


def test_an_unknown_password_inside_a_url_is_masked():
    assert redact("mysql://app:never-registered@h/db") == "mysql://app:*****@h/db"


def test_the_words_of_dbsync_s_own_texts_are_shown_unless_they_are_somebody_s_password(monkeypatch):
    monkeypatch.setattr("resources.redact._secrets", set())
    for url in ("mysql://app:PASSWORD@h/db", "mysql://root:throw-away@h/db"):
        assert redact(url) == url
    assert redact("mysql://root:throw-away-not@h/db") == "mysql://root:*****@h/db"
    remember("throw-away")
    assert redact("mysql://root:throw-away@h/db") == "mysql://root:*****@h/db"


def test_structures_are_redacted_in_keys_and_values():
    remember("needle-in-dict")
    assert "needle" not in repr(
        redact_value({"a": ["x needle-in-dict"], "needle-in-dict": ("needle-in-dict", 1)})
    )


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\u202eb", "\x00", "line\rback"])
def test_control_characters_are_shown_as_escapes(text):
    shown = inert(text)
    assert "\\" in shown
    assert not any(ord(c) < 32 or c == "\u202e" for c in shown)
