"""`reset`: only what was named."""

from dataclasses import replace

import pytest

from resources.errors import ConfirmationError, LockWaitError, MigrationsFolderError, PrivilegeError
from resources.mysql.connection import Connection, connect, execute, rows
from resources.prisma.lock import MigrationLock
from resources.prisma.reset import reset_database
from resources.target import Target
from tests.resources.prisma.conftest import Write, tables


@pytest.fixture
def filled(write: Write, connection: Connection) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    execute(connection, "CREATE TABLE rows_of_users (id INT)")
    execute(connection, "INSERT INTO rows_of_users VALUES (1)")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("confirm", [None, "", "yes", "other_database"])
def test_nothing_is_destroyed_without_the_name(
    target: Target, lock: MigrationLock, connection: Connection, confirm: str | None
) -> None:
    with pytest.raises(ConfirmationError) as error:
        reset_database(target, confirm, lock)
    assert error.value.hint == f"dbsync reset --confirm {target.database}"
    assert rows(connection, "SELECT id FROM rows_of_users") == [(1,)]


@pytest.mark.usefixtures("filled")
def test_a_wrong_name_is_refused_even_where_the_target_is_disposable(
    target: Target, lock: MigrationLock, connection: Connection
) -> None:
    disposable = replace(target, policy=replace(target.policy, disposable=True))
    with pytest.raises(ConfirmationError):
        reset_database(disposable, "other", lock)
    assert tables(connection) == ["rows_of_users"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("way", ["database", "target", "disposable"])
def test_a_confirmed_reset_leaves_the_migrations_and_nothing_else(
    target: Target, lock: MigrationLock, connection: Connection, way: str
) -> None:
    confirm = {"database": target.database, "target": target.name, "disposable": None}[way]
    policy = replace(target.policy, disposable=way == "disposable")
    result = reset_database(replace(target, policy=policy), confirm, lock)
    assert result.applied_migrations == ["1_a"]
    connection.select_db(target.database)
    assert tables(connection) == ["_prisma_migrations", "a"]


def test_a_system_database_is_never_reset(
    target: Target, lock: MigrationLock, connection: Connection
) -> None:
    system = replace(target, database="MySQL")
    with pytest.raises(ConfirmationError, match="P3004"):
        reset_database(system, "MySQL", lock)
    assert rows(connection, "SHOW DATABASES LIKE 'mysql'")


@pytest.mark.usefixtures("filled")
def test_a_folder_that_cannot_be_applied_destroys_nothing(
    target: Target, lock: MigrationLock, connection: Connection
) -> None:
    (target.migrations / "2_b").mkdir()
    with pytest.raises(MigrationsFolderError, match="P3015"):
        reset_database(target, target.database, lock)
    assert tables(connection) == ["rows_of_users"]


@pytest.mark.usefixtures("filled")
def test_an_account_that_may_not_drop_is_told_that_nothing_was_dropped(
    target: Target, lock: MigrationLock, connection: Connection
) -> None:
    name = f"{target.database}_r"
    execute(connection, f"CREATE USER '{name}'@'%' IDENTIFIED BY 'secret-pw-1'")
    try:
        execute(connection, f"GRANT SELECT ON `{target.database}`.* TO '{name}'@'%'")
        poor = replace(target.endpoint, user=name, password="secret-pw-1")
        with pytest.raises(PrivilegeError, match="nothing was dropped"):
            reset_database(replace(target, endpoint=poor), target.database, lock)
        assert rows(connection, "SELECT id FROM rows_of_users") == [(1,)]
    finally:
        execute(connection, f"DROP USER '{name}'@'%'")


@pytest.mark.usefixtures("filled")
def test_a_reset_that_waited_in_vain_for_a_lock_is_told_that_nothing_was_dropped(
    target: Target, lock: MigrationLock, connection: Connection
) -> None:
    with connect(target.endpoint, target.database) as reader:
        execute(reader, "BEGIN")
        execute(reader, "SELECT * FROM rows_of_users")
        hurried = replace(target, policy=replace(target.policy, lock_wait_timeout=1))
        with pytest.raises(LockWaitError, match="nothing was dropped"):
            reset_database(hurried, target.database, lock)
    assert rows(connection, "SELECT id FROM rows_of_users") == [(1,)]
