"""A watched clone, and a database on the test's server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.git.access import Access
from resources.release_source.source import Source
from resources.target import Target
from tests.support.git_server import Clone

INIT = "CREATE TABLE `User` (`id` INTEGER NOT NULL, PRIMARY KEY (`id`)) DEFAULT CHARACTER SET utf8mb4;\n"


@pytest.fixture
def clone(tmp_path) -> Clone:
    made = Clone(tmp_path / "clone")
    made.migration("20260101000000_init", INIT)
    made.commit("Init")
    return made


@pytest.fixture
def watching(target, clone) -> Target:
    return replace(target, source=Source(Access(str(clone.folder))))
