"""What must hold before a deployment does anything: its account's privileges, its database."""

from __future__ import annotations

from resources.doctor.privileges import missing_privileges, objects_of_others, refuse_missing
from resources.errors import NoSuchDatabaseError
from resources.mysql.connection import connect, execute, quoted
from resources.target import Target


def require_privileges(target: Target) -> None:
    """Raises PrivilegeError that lists every missing privilege and the GRANT for each."""
    with connect(target.endpoint) as connection:
        missing = missing_privileges(connection, target.database, target.backup_engine)
        refused = [one for one in objects_of_others(connection, target.database) if one.status == "fail"]
    refuse_missing(target.endpoint, missing, refused)


def ensure_database(target: Target) -> bool:
    """Create the database where it does not exist, as Prisma does. True when it was created."""
    try:
        connect(target.endpoint, target.database).close()
        return False
    except NoSuchDatabaseError:
        with connect(target.endpoint) as connection:
            execute(
                connection,
                f"CREATE DATABASE {quoted(target.database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
            )
        return True
