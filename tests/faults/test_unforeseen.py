"""What fails inside a step is told in its own words, not in the orchestrator's."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def test_an_error_that_nobody_foresaw_in_a_step_is_named_with_its_cause(project, tmp_path):
    file = tmp_path / "file"
    file.touch()
    code, report = project.report("validate", BACKUP_STORAGE_PATH=str(file / "x"))
    assert code == 1 and report["error"]["code"] == "internal"
    assert "NotADirectoryError" in report["error"]["why"] and str(file) in report["error"]["why"]
    assert "Dagster" not in report["error"]["why"]


def test_an_unhealthy_server_is_told_in_a_sentence_and_in_json_with_its_exit_code(project):
    url = project.url.replace(f":{project.endpoint.port}/", ":1/")
    done = project.run("health", DATABASE_URL=url)
    assert done.returncode == 51
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("database     error")]
    assert "cannot be reached" in line and "Connection refused" in line and "{" not in line
    code, report = project.report("health", DATABASE_URL=url)
    assert code == report["error"]["exit_code"] == 51


def test_a_schema_that_drifted_is_told_in_json_with_its_exit_code(project):
    project.execute("ALTER TABLE `User` ADD COLUMN `by_hand` INT")
    code, report = project.report("validate")
    assert code == report["error"]["exit_code"] == 50
    assert report["ok"] is False and report["inconsistencies"]
