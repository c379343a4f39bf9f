"""The Chinese pages have the same commands as the English ones."""

from __future__ import annotations

import re

import pytest

from resources.settings import CHECKOUT


def blocks(page: str) -> list[list[str]]:
    """The lines of each fenced block, without their comments."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    found = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [[re.sub(r"\s+#.*", "", line).rstrip() for line in block.splitlines()] for block in found]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [("README.md", "README.zh.md"), ("docs/runbook.md", "docs/runbook.zh.md")],
)
def test_the_command_blocks_are_the_same(english, chinese):
    assert len(blocks(english)) > 2
    assert blocks(chinese) == blocks(english)
