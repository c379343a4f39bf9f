"""The examples under --help are lines one can type."""

from __future__ import annotations

import shlex

import pytest

from dbsync_assets.cli.app import command
from dbsync_assets.cli.examples import EXAMPLES

LINES = [(path, line) for path, lines in EXAMPLES.items() for line in lines]


def verbs(verb, path: str = "") -> dict:
    below = getattr(verb, "commands", {})
    found = {path: verb} if path and not below else {}
    for name, child in below.items():
        found |= verbs(child, f"{path} {name}".strip())
    return found


def test_every_command_has_an_example():
    assert set(verbs(command())) == set(EXAMPLES)


@pytest.mark.parametrize(("path", "line"), LINES, ids=[line for _, line in LINES])
def test_an_example_parses_as_typed(path, line):
    words = shlex.split(line)
    names = path.split()
    assert words[: 1 + len(names)] == ["dbsync", *names]
    verbs(command())[path].make_context(path, words[1 + len(names) :])


def test_an_unknown_option_would_not_parse():
    with pytest.raises(Exception, match="--no-such"):
        verbs(command())["deploy"].make_context("deploy", ["--no-such"])


def test_help_shows_them():
    verb = verbs(command())["restore"]
    assert all(line in verb.get_help(verb.make_context("restore", [])) for line in EXAMPLES["restore"])
