"""One table of exit codes."""

from __future__ import annotations

from resources.errors import ConnectError, all_errors


def test_every_error_has_its_own_exit_code_name_and_meaning():
    errors = all_errors()
    assert len({error.exit_code for error in errors}) == len(errors)
    assert len({error.code for error in errors}) == len(errors)
    assert all(error.meaning for error in errors)
    assert all(0 < error.exit_code < 126 for error in errors)


def test_an_error_shows_what_where_why_and_the_next_command():
    text = str(ConnectError("what", where="there", why="because", hint="dbsync doctor"))
    assert text.split("\n") == ["what", "  where: there", "  why:   because", "  next:  dbsync doctor"]
