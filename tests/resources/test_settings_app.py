from __future__ import annotations

from pathlib import Path

import pytest

from resources.errors import SettingsError
from resources.settings import load_settings, target_of

URL = "mysql://u:p@127.0.0.1:3306/shop"


def _app(folder: Path, text: str):
    (folder / ".env").write_text(f"DATABASE_URL={URL}\n{text}")
    return target_of(load_settings(folder)).app


def test_without_a_folder_no_application_is_released(tmp_path):
    assert _app(tmp_path, "APP_PM2_NAME=shop\n") is None


def test_a_folder_without_the_name_in_pm2_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="APP_PM2_NAME"):
        _app(tmp_path, "APP_FOLDER=/srv/shop\n")


def test_node_may_be_the_program_that_npm_names(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").write_text("")
    app = _app(tmp_path, "APP_FOLDER=srv\nAPP_PM2_NAME=shop, worker\nNODE=bin/node\n")
    assert app and app.node == tmp_path / "bin"
    assert app.names == ("shop", "worker") and app.folder == tmp_path / "srv"
