"""What must hold before a deployment does anything: its account's privileges, its database."""

from __future__ import annotations

from resources.doctor.privileges import described, missing_privileges, objects_of_others
from resources.errors import NoSuchDatabaseError, PrivilegeError
from resources.mysql.connection import connect, execute, quoted
from resources.target import Target


def require_privileges(target: Target) -> None:
    """Raises PrivilegeError that lists every missing privilege and the GRANT for each."""
    with connect(target.endpoint) as connection:
        missing = missing_privileges(connection, target.database, target.backup_engine)
        refused = [one for one in objects_of_others(connection, target.database) if one.status == "fail"]
    why = [*described(missing), *(one.detail for one in refused)]
    count = len(missing) + len(refused)
    grants = dict.fromkeys([*(item.grant for item in missing), *(str(one.fix) for one in refused)])
    if why:
        raise PrivilegeError(
            f"{count} privilege{'s are' if count > 1 else ' is'} missing",
            where=str(target.endpoint),
            why="\n         ".join(why),
            hint="\n         ".join(grants),
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
