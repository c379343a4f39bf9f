"""Two commands are one work only where they want the same."""

from __future__ import annotations

from dataclasses import replace

from dbsync_assets.cli.context import Loaded
from dbsync_assets.cli.detached import _release
from resources.settings import load_settings
from resources.target import Policy


def test_another_script_or_another_acceptance_is_another_release(target, tmp_path):
    script = target.migrations / "1_a" / "migration.sql"
    script.parent.mkdir()
    script.write_text("SELECT 1;")
    loaded = Loaded(tmp_path, load_settings(tmp_path), target)
    same = _release(loaded)
    assert same == _release(loaded) != ""
    accepting = replace(target, policy=Policy(accepted=frozenset({"1_a"})))
    assert _release(replace(loaded, target=accepting)) != same
    script.write_text("SELECT 2;")
    assert _release(loaded) != same


def test_a_folder_that_cannot_be_read_is_joined_by_nobody(target, tmp_path):
    (target.migrations / "1_a").symlink_to(tmp_path)
    assert _release(Loaded(tmp_path, load_settings(tmp_path), target)) == ""
