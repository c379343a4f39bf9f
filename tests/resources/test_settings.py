"""Settings come from the environment and .env, and wrong ones are all named at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from resources.errors import SettingsError
from resources.settings import drop_secrets, load_settings, target_of


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


PATHS = {
    "BACKUP_STORAGE_PATH": "backup_storage_path",
    "DBSYNC_STATE": "state",
    "DBSYNC_TOOLS": "tools",
    "DAGSTER_HOME": "dagster_home",
    "PRISMA_MIGRATIONS": "prisma_migrations",
    "DATA_RULES_PATH": "data_rules",
    "MYSQLD": "mysqld",
}


@pytest.mark.parametrize(("name", "field"), PATHS.items())
def test_a_path_that_begins_with_a_tilde_is_below_the_home_folder(tmp_path, monkeypatch, name, field):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / ".env").write_text(f'{name}="~/here/it is"\n')
    assert getattr(load_settings(tmp_path), field) == tmp_path / "home" / "here" / "it is"


def test_the_home_of_a_user_who_is_not_there_is_a_wrong_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("DBSYNC_STATE", "~nobody-of-that-name/x")
    with pytest.raises(SettingsError, match="DBSYNC_STATE"):
        load_settings(tmp_path)


def test_a_wrong_setting_is_shown_as_typed_with_what_it_may_be(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKUP_ENGINE", "tape")
    monkeypatch.setenv("MIGRATION_TIMEOUT", "soon")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert "BACKUP_ENGINE: 'tape': not one of auto, clone, mydumper, mysqldump" in caught.value.why
    assert "MIGRATION_TIMEOUT: 'soon': not a duration; write 90, 90s, 10m, 2h or 7d" in caught.value.why
    assert str(tmp_path / ".env") in caught.value.hint


def test_variables_of_the_application_that_are_called_like_our_fields_are_no_settings(tmp_path, monkeypatch):
    for name, text in {"STATE": "/elsewhere", "DISPOSABLE": "true", "ACCEPT": "x", "TOOLS": "/x"}.items():
        monkeypatch.setenv(name, text)
    settings = load_settings(tmp_path)
    assert settings.state == tmp_path / ".dbsync"
    assert settings.disposable is False, "or `dbsync reset` would empty the database without being asked"
    assert settings.accept == ""


def _with_all_causes(error: BaseException) -> str:
    """Everything that is kept with an error: what a traceback, or Dagster's event log, could show."""
    seen: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and one not in seen:
            seen.append(one)
            todo += [one.__cause__, one.__context__]
    return " ".join(f"{one!r} {one} {vars(one)}" for one in seen)


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": "mysql://u:hunter22@h/db", "MIGRATION_TIMEOUT": "soon"},
        {"DATABASE_URL": "mysql://u:hunter22#x@h/db"},
        {"DATABASE_URL": "mysql://u:hunter22@[h/db"},
        {"DATABASE_URL": "mysql://u:x@h:hunter22/db"},
        {"DATABASE_URL": '"mysql://u:hunter22@h/db"'},
        {"NOTIFICATION_WEBHOOK": "https://hooks.example/hunter22", "BACKUP_KEEP": "many"},
    ],
)
def test_no_error_about_settings_keeps_a_secret_in_its_causes(tmp_path, monkeypatch, environment):
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError) as caught:
        target_of(load_settings(tmp_path))
    assert "hunter22" not in _with_all_causes(caught.value)


def test_a_file_that_is_not_utf_8_is_named_and_its_bytes_are_in_no_cause(tmp_path):
    (tmp_path / ".env").write_bytes('DATABASE_URL="mysql://u:hünter22@h/db"\n'.encode("latin-1"))
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert str(tmp_path / ".env") in caught.value.why and "UTF-8" in caught.value.why
    assert "nter22" not in _with_all_causes(caught.value)


def test_a_folder_called_dotenv_is_said_to_be_one(tmp_path):
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match="folder"):
        load_settings(tmp_path)


def test_secrets_leave_the_environment_by_name_and_stay_known_to_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.settings._taken", {})
    monkeypatch.setenv("DATABASE_URL", "mysql://root:root@h/db")
    monkeypatch.setenv("NOTIFICATION_WEBHOOK", "https://hooks.example/T0K3N")
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.setenv("https_proxy", "http://me:pw@proxy.example:3128")
    target_of(load_settings(tmp_path))
    drop_secrets()
    assert not {"DATABASE_URL", "NOTIFICATION_WEBHOOK"} & os.environ.keys()
    assert os.environ["HOME"] == "/root" and "https_proxy" in os.environ
    again = target_of(load_settings(tmp_path))
    assert (again.endpoint.password, again.webhook) == ("root", "https://hooks.example/T0K3N")


def test_what_is_set_anew_wins_over_what_was_taken(tmp_path, monkeypatch):
    monkeypatch.setattr("resources.settings._taken", {"DATABASE_URL": "mysql://u:p@old/db"})
    monkeypatch.setenv("DATABASE_URL", "mysql://u:p@new/db")
    assert target_of(load_settings(tmp_path)).endpoint.host == "new"
