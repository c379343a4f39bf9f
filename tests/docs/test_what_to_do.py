"""docs/what-to-do.md has a section for every exit code and alert, and names only commands that exist."""

from __future__ import annotations

import re

import pytest

from dbsync_assets.cli.app import command
from resources.errors import INTERRUPTED_EXIT_CODE, all_errors
from resources.notify.event import KINDS
from resources.settings import CHECKOUT

DOCS = CHECKOUT / "docs"
PAGE = (DOCS / "what-to-do.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (.+)\n((?:(?!^##).*\n)*)", PAGE, re.MULTILINE))
CODES = {"0 ok", f"{INTERRUPTED_EXIT_CODE} interrupted"} | {
    f"{error.exit_code} {error.code}" for error in all_errors()
}
BY_HAND = ["what-to-do.md", "first-release.md", "runbook.md", "runbook.zh.md", "threat-model.md"]


def test_every_exit_code_and_every_alert_has_a_section_and_nothing_else_has():
    assert set(SECTIONS) == CODES | set(KINDS)


@pytest.mark.parametrize("name", sorted((CODES | set(KINDS)) - {"0 ok"}))
def test_a_section_names_a_command_to_type(name):
    assert "`dbsync " in SECTIONS[name]


def named(text: str) -> list[list[str]]:
    """The words of every `dbsync …` in the text, in code spans and in blocks."""
    spans = re.findall(r"`(dbsync [^`\n]+)`", text)
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        spans += re.findall(r"^(?:\w+=\S+ )*(dbsync (?!.*[─/]).+?)(?:  +#.*)?$", block, re.MULTILINE)
    return [span.split()[1:] for span in spans]


def unknown(words: list[str]) -> str:
    """What in a command line the real command does not have; empty where all is known."""
    at = command()
    options = {name for one in at.params for name in one.opts}
    for word in words:
        if word.startswith("-"):
            if word.split("=")[0] not in {*options, "--help"}:
                return word
        elif getattr(at, "commands", None):
            if word not in at.commands:
                return word
            at = at.commands[word]
            options = {name for one in at.params for name in one.opts}
    return ""


def test_every_picture_is_shown_in_a_page_with_words_for_who_cannot_see_it():
    pages = [CHECKOUT / "README.md", CHECKOUT / "ARCHITECTURE.md", *DOCS.glob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    shown = set(re.findall(r"!\[[^\]]+\]\((?:docs/)?pictures/([^)]+)\)", text))
    assert shown == {picture.name for picture in (DOCS / "pictures").iterdir()}


@pytest.mark.parametrize("page", [*BY_HAND, "../README.md"])
def test_every_command_that_a_page_names_exists(page):
    lines = named((DOCS / page).read_text(encoding="utf-8"))
    assert lines
    assert [(line, word) for line in lines if (word := unknown(line))] == []


def test_a_command_or_an_option_that_is_not_there_is_noticed():
    assert unknown(["deploy", "--force"]) == "--force"
    assert unknown(["backups", "delete", "ID"]) == "delete"
    assert unknown(["restore", "ID", "--into", "DATABASE"]) == ""


@pytest.mark.parametrize("page", [*BY_HAND, "../README.md", "../ARCHITECTURE.md"])
def test_every_link_of_a_page_leads_somewhere(page):
    path = DOCS / page
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"https?:", link):
            continue
        name, _, anchor = link.partition("#")
        there = (path.parent / name) if name else path
        assert there.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}, link
