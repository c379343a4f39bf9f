"""docs/storage.md and the README name settings that exist, and the figures that the code has."""

from __future__ import annotations

import re

import pytest

from resources.backup.remote.etag import PART
from resources.backup.remote.s3_put import LANES
from resources.settings import CHECKOUT, Settings

KNOWN = {str(field.alias) for field in Settings.model_fields.values()}
OF_THE_MACHINE = {"AWS_REGION", "AWS_PROFILE"}
"""Read by boto3 itself."""


@pytest.mark.parametrize("page", ["docs/storage.md", "docs/restore-by-hand.md", "README.md"])
def test_every_setting_that_a_page_names_is_one(page):
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:BACKUP|AWS|DBSYNC|NOTIFICATION)_[A-Z0-9_]+\b(?!…)", text))
    assert named - OF_THE_MACHINE <= KNOWN


def test_the_parts_of_an_upload_are_as_the_page_says():
    text = " ".join((CHECKOUT / "docs" / "storage.md").read_text(encoding="utf-8").split())
    assert f"A file up to {PART >> 20} MB goes in one request" in text
    assert LANES == 4 and "four at a time" in text
