"""Settings come from the environment and .env, and wrong ones are all named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.errors import SettingsError
from resources.settings import load_settings, target_of


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "BACKUP_STORAGE_PATH", "MIGRATION_TIMEOUT", "NOTIFICATION_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)


def test_env_file_of_the_project_is_read_and_the_environment_wins(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(
        "DATABASE_URL=mysql://u:p%40ss@db.example:3307/shop\nMIGRATION_TIMEOUT=10m\n"
    )
    monkeypatch.setenv("MIGRATION_TIMEOUT", "90s")
    target = target_of(load_settings(tmp_path))
    assert (target.endpoint.host, target.endpoint.port, target.database) == ("db.example", 3307, "shop")
    assert target.endpoint.password == "p@ss"
    assert target.policy.migration_timeout == 90.0
    assert target.storage == tmp_path / ".dbsync" / "backups"


@pytest.mark.parametrize(("text", "seconds"), [("45", 45), ("500ms", 0.5), ("2h", 7200), ("1.5m", 90)])
def test_durations(tmp_path, monkeypatch, text, seconds):
    monkeypatch.setenv("MIGRATION_TIMEOUT", text)
    assert load_settings(tmp_path).migration_timeout == seconds


def test_every_wrong_setting_is_named_in_one_error(tmp_path, monkeypatch):
    monkeypatch.setenv("MIGRATION_TIMEOUT", "soon")
    monkeypatch.setenv("BACKUP_ENGINE", "tape")
    monkeypatch.setenv("HEALTH_URL", "ftp://x")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    for name in ("MIGRATION_TIMEOUT", "BACKUP_ENGINE", "HEALTH_URL"):
        assert name in str(caught.value)


def test_missing_database_url_says_how_to_set_it(tmp_path):
    with pytest.raises(SettingsError, match="export DATABASE_URL="):
        target_of(load_settings(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:hunter22@h/db",
        "mysql://u:hunter22@h:notaport/db",
        "mysql://u:hunter22@h/",
        "mysql://u:hunter22@h/mysql",
        "mysql://u:hunter22@h/db?connect_timeout=soon",
    ],
)
def test_a_wrong_url_is_refused_without_showing_its_password(tmp_path, monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingsError) as caught:
        target_of(load_settings(tmp_path))
    assert "hunter22" not in str(caught.value)
    assert caught.value.__cause__ is None or "hunter22" not in repr(caught.value.as_dict())


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"prisma/schema.prisma": ""}, "prisma/migrations"),
        ({"schema.prisma": ""}, "migrations"),
        ({"package.json": '{"prisma": {"schema": "db/main.prisma"}}', "db/main.prisma": ""}, "db/migrations"),
        (
            {"package.json": '{"prisma": {"schema": "db/parts"}}', "db/parts/a.prisma": ""},
            "db/parts/migrations",
        ),
    ],
)
def test_migrations_are_looked_for_where_prisma_looks(tmp_path: Path, files, found):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert load_settings(tmp_path).prisma_migrations == tmp_path / found


def test_relative_paths_mean_the_projects_folder_from_wherever_one_stands(tmp_path, monkeypatch):
    project = tmp_path / "app"
    project.mkdir()
    (project / ".env").write_text(
        "BACKUP_STORAGE_PATH=backups\nDBSYNC_STATE=state\nPRISMA_MIGRATIONS=db/migrations\nDATA_RULES_PATH=rules\n"
    )
    monkeypatch.chdir(tmp_path)
    settings = load_settings(project)
    assert settings.backup_storage_path == project / "backups"
    assert settings.state == project / "state" and settings.dagster_home == project / "state" / "dagster"
    assert settings.prisma_migrations == project / "db" / "migrations"
    assert settings.data_rules == project / "rules"


def test_an_empty_variable_is_an_unset_one(tmp_path, monkeypatch):
    names = ["MIGRATION_TIMEOUT", "ROLLBACK_ENABLED", "BACKUP_KEEP", "BACKUP_ENGINE", "DBSYNC_STATE"]
    (tmp_path / ".env").write_text("DBSYNC_ACCEPT_DRIFT=\nPRISMA_MIGRATIONS=\n")
    for name in names:
        monkeypatch.setenv(name, "")
    settings = load_settings(tmp_path)
    assert settings.migration_timeout == 1800 and settings.backup_engine == "auto"
    assert settings.state == tmp_path / ".dbsync" and settings.accept_drift is False
    assert settings.prisma_migrations == tmp_path / "prisma" / "migrations"
