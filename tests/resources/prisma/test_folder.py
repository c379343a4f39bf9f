"""Reading the migrations folder."""

import os
import threading
from pathlib import Path

import pytest

from resources.errors import MigrationsFolderError
from resources.prisma import folder
from resources.prisma.checksum import checksum
from resources.prisma.folder import read_migrations, require_name


def write(migrations: Path, name: str, script: bytes = b"SELECT 1") -> Path:
    (migrations / name).mkdir()
    (migrations / name / "migration.sql").write_bytes(script)
    return migrations / name


def test_an_absent_folder_has_no_migrations(tmp_path: Path) -> None:
    assert read_migrations(tmp_path / "none") == []


def test_every_directory_is_a_migration_and_files_are_not(tmp_path: Path) -> None:
    write(tmp_path, "20210101000000_init", b"SELECT 2")
    write(tmp_path, "20210101_init")
    write(tmp_path, "0_init")
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "migration_lock.toml").write_text('provider = "mysql"\n')
    found = read_migrations(tmp_path)
    assert [file.name for file in found] == ["0_init", "20210101_init", "20210101000000_init"]
    assert found[2].content == b"SELECT 2"
    assert found[2].checksum == checksum(b"SELECT 2")


def test_a_missing_script_is_listed_and_marked(tmp_path: Path) -> None:
    (tmp_path / "1_empty").mkdir()
    (file,) = read_migrations(tmp_path)
    assert file.missing
    assert (file.content, file.checksum) == (b"", "")


def test_a_linked_directory_is_refused_by_path(tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "2_link").symlink_to(write(tmp_path, "elsewhere"))
    with pytest.raises(MigrationsFolderError) as error:
        read_migrations(migrations)
    assert "2_link" in error.value.where
    assert "symbolic link" in error.value.why


def test_a_linked_script_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SELECT 1")
    migrations = tmp_path / "migrations"
    (migrations / "1_a").mkdir(parents=True)
    (migrations / "1_a" / "migration.sql").symlink_to(secret)
    with pytest.raises(MigrationsFolderError, match="cannot be used") as error:
        read_migrations(migrations)
    assert "symbolic link" in error.value.why


def test_a_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "1_a").mkdir()
    os.mkfifo(tmp_path / "1_a" / "migration.sql")
    errors: list[BaseException] = []

    def read() -> None:
        try:
            read_migrations(tmp_path)
        except MigrationsFolderError as error:
            errors.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(5)
    assert not reader.is_alive()
    assert "FIFO" in errors[0].why  # type: ignore[attr-defined]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a device")
def test_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_a").mkdir()
    os.mknod(tmp_path / "1_a" / "migration.sql", 0o020600, os.makedev(1, 5))  # /dev/zero: endless
    with pytest.raises(MigrationsFolderError) as error:
        read_migrations(tmp_path)
    assert "device" in error.value.why


def test_a_directory_in_place_of_the_script_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1_a" / "migration.sql").mkdir(parents=True)
    with pytest.raises(MigrationsFolderError) as error:
        read_migrations(tmp_path)
    assert "directory" in error.value.why


@pytest.mark.parametrize("pair", [("1_Init", "1_init"), ("1_\u00e9", "1_e\u0301")])
def test_names_that_collide_elsewhere_are_refused(tmp_path: Path, pair: tuple[str, str]) -> None:
    for name in pair:
        write(tmp_path, name)
    with pytest.raises(MigrationsFolderError) as error:
        read_migrations(tmp_path)
    assert all(name in error.value.where for name in pair)


@pytest.mark.parametrize("name", [b"1_\xff", b"1_\n::error::x", b"1_\x1b[2J"])
def test_unprintable_names_are_refused_and_shown_escaped(tmp_path: Path, name: bytes) -> None:
    os.mkdir(os.fsencode(tmp_path) + b"/" + name)  # noqa: PTH102
    with pytest.raises(MigrationsFolderError) as error:
        read_migrations(tmp_path)
    shown = str(error.value)
    shown.encode()  # can be printed at all
    assert "\x1b" not in shown
    assert "\n::error" not in shown


def test_a_right_to_left_override_in_a_name_is_shown_escaped(tmp_path: Path) -> None:
    name = "1_a\u202egnp.sql"
    (tmp_path / name / "migration.sql").mkdir(parents=True)
    with pytest.raises(MigrationsFolderError) as error:
        read_migrations(tmp_path)
    assert "\u202e" not in str(error.value)


def test_a_script_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "1_a")
    os.truncate(tmp_path / "1_a" / "migration.sql", 200 * 2**20)  # sparse
    with pytest.raises(MigrationsFolderError, match="larger than") as error:
        read_migrations(tmp_path)
    assert "209,715,200 bytes" in error.value.why


def test_all_scripts_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_FOLDER_BYTES", 10)
    write(tmp_path, "1_a", b"SELECT 1")
    write(tmp_path, "2_a", b"SELECT 1")
    with pytest.raises(MigrationsFolderError, match="larger than"):
        read_migrations(tmp_path)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb"])
def test_what_cannot_be_a_directory_is_no_migration_name(name: str) -> None:
    with pytest.raises(MigrationsFolderError, match="P3017"):
        require_name(name)


def test_a_folder_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "migrations").write_text("")
    with pytest.raises(MigrationsFolderError, match="cannot be read"):
        read_migrations(tmp_path / "migrations")
