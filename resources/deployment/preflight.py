"""What must hold before a deployment does anything: its account's privileges, its database."""

from __future__ import annotations

from resources.doctor.privileges import missing_privileges
from resources.errors import NoSuchDatabaseError, PrivilegeError
from resources.mysql.connection import connect, execute, quoted
from resources.target import Target


def require_privileges(target: Target) -> None:
    """Raises PrivilegeError that lists every missing privilege and the GRANT for each."""
    with connect(target.endpoint) as connection:
        missing = [item for item in missing_privileges(connection, target.database, target.backup_engine)]
    if missing:
        raise PrivilegeError(
            f"{len(missing)} privilege{'s are' if len(missing) > 1 else ' is'} missing",
            where=str(target.endpoint),
            why="; ".join(f"{item.privilege} on {item.scope} ({item.why})" for item in missing),
            hint="\n         ".join(dict.fromkeys(item.grant for item in missing)),
        )


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
