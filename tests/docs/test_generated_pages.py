"""docs/ says what the code does."""

from __future__ import annotations

import pytest

from dbsync_assets.cli.write_docs import PAGES
from resources.settings import CHECKOUT


@pytest.mark.parametrize("name", PAGES)
def test_generated_page_is_up_to_date(name):
    assert (CHECKOUT / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"
