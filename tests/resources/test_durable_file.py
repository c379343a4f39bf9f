"""A durable file is whole or absent, and a full disk says so."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from resources.durable_file import write_durably
from resources.errors import DiskFullError


@pytest.fixture
def small_disk(tmp_path: Path):
    """A real file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).returncode
    ):
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_the_new_content_replaces_the_old_and_only_the_owner_may_read_it(tmp_path):
    path = tmp_path / "a.json"
    write_durably(path, b"one")
    write_durably(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_full_disk_names_path_need_and_have_and_keeps_the_old_file(small_disk):
    path = small_disk / "a.json"
    write_durably(path, b"old")
    with pytest.raises(DiskFullError) as caught:
        write_durably(path, b"x" * 2_000_000)
    assert f"disk full: {path}" in str(caught.value)
    assert "need 2,000,000 bytes, have" in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [file.name for file in small_disk.iterdir()] == ["a.json"]
