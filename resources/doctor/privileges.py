"""Every privilege a deployment needs, and for each one missing the exact GRANT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from resources.doctor.check import Patient, check
from resources.doctor.definers import definer_findings
from resources.doctor.finding import Finding
from resources.doctor.grants import DATABASE_PRIVILEGES, Grants, granted_roles, read_grants
from resources.errors import PrivilegeError
from resources.mysql.connection import Connection, quoted, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import parse_version

EVERYWHERE = "*.*"
PERFORMANCE_SCHEMA = "performance_schema"
_FOR_A_DUMP = ("SELECT", "LOCK TABLES", "SHOW VIEW", "EVENT", "TRIGGER")
_FOR_ROUTINES = "a dump reads the bodies of other accounts' routines"


@dataclass(frozen=True)
class Missing:
    """`scope` is `*.*` or the database (pattern) as it stands in `grant`.

    All missing privileges of one scope share one `grant`, a whole statement.
    """

    privilege: str
    scope: str
    why: str
    grant: str


@dataclass(frozen=True)
class _Need:
    """Any one of `privileges` will do; the first is the narrowest and is the one to grant."""

    privileges: tuple[str, ...]
    why: str


def missing_privileges(connection: Connection, database: str, engine: str = "auto") -> list[Missing]:
    """What the session's account lacks to back up, migrate and roll back `database`; [] when nothing.

    `engine` is "clone", "mydumper", "mysqldump" or "auto". With "auto" the privileges of a dump
    are asked for only where CLONE cannot be used.
    """
    grants = read_grants(connection)
    account = _account(connection)
    version = parse_version(str(value(connection, "SELECT VERSION()")))
    found = _on_database(grants, database, account)
    found += _beside(grants, database, account)
    if "SELECT" not in grants.on(PERFORMANCE_SCHEMA):
        grant = f"GRANT SELECT ON {PERFORMANCE_SCHEMA}.* TO {account};"
        found.append(Missing("SELECT", f"{PERFORMANCE_SCHEMA}.*", "naming who blocks a migration", grant))
    return found + _everywhere(grants, _needs_everywhere(connection, grants, engine, version), account)


def missing_for_dump(connection: Connection, database: str) -> list[Missing]:
    """What the session's account lacks to see all of `database` that a dump takes; [] when nothing.

    The server does not refuse the others: it hides triggers, events and routines from who lacks them.
    """
    grants, account = read_grants(connection), _account(connection)
    version = parse_version(str(value(connection, "SELECT VERSION()")))
    return [
        *_on_database(grants, database, account, _FOR_A_DUMP, "a dump would leave out what it hides"),
        *_everywhere(grants, [_routine_need(version)], account),
    ]


def refuse_missing(endpoint: Endpoint, missing: Sequence[Missing], others: Sequence[Finding] = ()) -> None:
    """Raises PrivilegeError that lists every missing privilege and the GRANT for each, where there is one.

    `others`: findings that failed for want of a privilege, whose `fix` is the GRANT.
    """
    why = [*described(missing), *(one.detail for one in others)]
    count = len(missing) + len(others)
    grants = dict.fromkeys([*(item.grant for item in missing), *(str(one.fix) for one in others)])
    if why:
        raise PrivilegeError(
            f"{count} privilege{'s are' if count > 1 else ' is'} missing",
            where=str(endpoint),
            why="\n         ".join(why),
            hint="\n         ".join(grants),
        )


def all_grants(connection: Connection, database: str, account: str) -> list[str]:
    """Every GRANT that a new `account` takes to back up by any engine, migrate and roll back."""
    nothing, version = Grants(), parse_version(str(value(connection, "SELECT VERSION()")))
    needs = [
        *_needs_everywhere(connection, nothing, "mysqldump", version),
        *_needs_everywhere(connection, nothing, "clone", version),
    ]
    names = ", ".join(dict.fromkeys(need.privileges[0] for need in needs))
    beside = [*_on_database(nothing, database, account), *_beside(nothing, database, account)]
    return [
        *dict.fromkeys(one.grant for one in beside),
        f"GRANT SELECT ON {PERFORMANCE_SCHEMA}.* TO {account};",
        f"GRANT {names} ON {EVERYWHERE} TO {account};",
    ]


def _needs_everywhere(
    connection: Connection, grants: Grants, engine: str, version: tuple[int, int, int]
) -> Iterator[_Need]:
    yield _Need(("PROCESS",), "seeing whether a lost session still works, and who blocks")
    if value(connection, "SELECT @@log_bin"):
        yield _Need(("REPLICATION CLIENT", "SUPER"), "reading the binary log position")
        yield _Need(("REPLICATION SLAVE",), "counting what users wrote since the backup")
    applier = ("BINLOG_ADMIN", "SUPER") if version < (8, 0, 18) else ("REPLICATION_APPLIER", "BINLOG_ADMIN")
    yield _Need((*applier, "SUPER"), "putting rows back without loss")
    if engine == "clone" or (engine == "auto" and _clone_is_usable(connection, grants)):
        yield _Need(("BACKUP_ADMIN",), "CLONE reads the instance")
        return
    yield _routine_need(version)
    flush = ("RELOAD",) if version < (8, 0, 23) else ("RELOAD", "FLUSH_TABLES")
    yield _Need(flush, "mysqldump notes the binary log position of its snapshot")


def _routine_need(version: tuple[int, int, int]) -> _Need:
    return _Need(("SELECT",) if version < (8, 0, 20) else ("SHOW_ROUTINE", "SELECT"), _FOR_ROUTINES)


def _everywhere(grants: Grants, needs: Iterable[_Need], account: str) -> list[Missing]:
    lacking = [need for need in needs if not grants.everywhere & set(need.privileges)]
    names = ", ".join(dict.fromkeys(need.privileges[0] for need in lacking))
    grant = f"GRANT {names} ON {EVERYWHERE} TO {account};"
    return [Missing(need.privileges[0], EVERYWHERE, need.why, grant) for need in lacking]


def _clone_is_usable(connection: Connection, grants: Grants) -> bool:
    status = value(
        connection, "SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'"
    )
    return status == "ACTIVE" and "BACKUP_ADMIN" in grants.everywhere


def _on_database(
    grants: Grants,
    database: str,
    account: str,
    wanted: Sequence[str] = DATABASE_PRIVILEGES,
    why: str = "the migrations and their rollback",
) -> list[Missing]:
    allowed = grants.on(database)
    lacking = [privilege for privilege in wanted if privilege not in allowed]
    row = grants.row_for(database)
    name = database if grants.literal else escaped(database)
    if row in (database, escaped(database)):
        name = row
        listed = lacking
    else:
        # A new, more specific name hides the wider one it is found under, so the new grant
        # must hold everything, not only what is missing today.
        hidden = grants.databases.get(row or "", set())
        listed = [name for name in DATABASE_PRIVILEGES if name in wanted or name in hidden]
    words = "ALL" if len(listed) == len(DATABASE_PRIVILEGES) else ", ".join(listed)
    scope = f"{quoted(name)}.*"
    grant = f"GRANT {words} ON {scope} TO {account};"
    return [Missing(privilege, scope, why, grant) for privilege in lacking]


def _beside(grants: Grants, database: str, account: str) -> list[Missing]:
    """The databases that dbsync makes beside the target's to put tables back from, or keep them aside."""
    why = "databases beside it, for putting tables back"
    if grants.literal:
        # partial_revokes switches patterns off, and the names are not known beforehand.
        lacking = [name for name in DATABASE_PRIVILEGES if name not in grants.everywhere]
        grant = f"GRANT {', '.join(lacking)} ON {EVERYWHERE} TO {account};"
        return [Missing(name, EVERYWHERE, why, grant) for name in lacking]
    pattern = f"{escaped(database)}\\_\\_dbsync\\_%"
    allowed = grants.on(f"{database}__dbsync_x")
    scope = f"{quoted(pattern)}.*"
    grant = f"GRANT ALL ON {scope} TO {account};"
    if all(name in allowed for name in DATABASE_PRIVILEGES):
        return []
    return [Missing("ALL", scope, why, grant)]


def described(missing: Sequence[Missing]) -> list[str]:
    """One line for all that are missing in one place for one reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in missing:
        groups.setdefault((one.scope, one.why), []).append(one.privilege)
    return [f"{', '.join(names)} on {scope} ({why})" for (scope, why), names in groups.items()]


def escaped(database: str) -> str:
    """A database name as a GRANT takes it: `_` and `%` are wildcards there."""
    return database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")


def _account(connection: Connection) -> str:
    user, _, host = str(value(connection, "SELECT CURRENT_USER()")).rpartition("@")
    return f"{quoted(user)}@{quoted(host)}"


@check("privileges", "server")
def privileges(patient: Patient) -> Iterator[Finding]:
    missing = missing_privileges(patient.connection, patient.target.database, patient.target.backup_engine)
    if missing:
        yield Finding(
            "privileges",
            "fail",
            f"missing: {'; '.join(described(missing))}",
            "\n".join(dict.fromkeys(one.grant for one in missing)),
        )
        yield from _inactive_roles(patient)
    else:
        yield Finding("privileges", "ok", f"{_account(patient.connection)} has all that is needed")


def _inactive_roles(patient: Patient) -> Iterator[Finding]:
    """A role that was granted but never made a default is the usual reason for missing privileges."""
    roles = granted_roles(patient.connection)
    active = str(value(patient.connection, "SELECT CURRENT_ROLE()"))
    if roles and active == "NONE":
        yield Finding(
            "privileges: roles",
            "warn",
            f"roles are granted but not active at login: {', '.join(roles)}",
            f"SET DEFAULT ROLE ALL TO {_account(patient.connection)};",
        )


@check("privileges: definers", "server")
def definers(patient: Patient) -> Iterator[Finding]:
    yield from objects_of_others(patient.connection, patient.target.database)


def objects_of_others(connection: Connection, database: str) -> Iterator[Finding]:
    """Whether a rollback may make again what other accounts own; "fail" where it may not."""
    yield from definer_findings(
        connection,
        database,
        read_grants(connection).everywhere,
        _account(connection),
        parse_version(str(value(connection, "SELECT VERSION()"))),
    )
