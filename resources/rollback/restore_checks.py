"""Whether a restore goes where it was meant to go, and what to say and type when it did not."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pymysql

from resources.backup.manifest import Manifest
from resources.errors import (
    ConfirmationError,
    ConnectError,
    DbsyncError,
    RestoreFailedError,
    TargetMismatchError,
    UsageError,
)
from resources.mysql.connection import connect, quoted, rows, value
from resources.mysql.endpoint import SYSTEM_DATABASES
from resources.mysql.schema import table_names
from resources.rollback.objects import read_objects
from resources.rollback.side import SideNames, database_charset, read_plan
from resources.rollback.spelling import as_spelled
from resources.rollback.state import UNREACHABLE
from resources.rollback.wish import Wish
from resources.target import Target

_LONGEST_NAME = 64


def require_target(target: Target, manifest: Manifest, wish: Wish) -> None:
    """Raises TargetMismatchError unless the backup is of this target, or the target was typed out."""
    confirmed = command(manifest.id, replace(wish, confirm_target=target.name))
    if wish.confirm_target is not None and wish.confirm_target != target.name:
        raise TargetMismatchError(
            f"--confirm-target is {wish.confirm_target!r}, and the target is {target.name!r}",
            where=target.name,
            hint=confirmed,
        )
    with connect(target.endpoint) as connection:
        uuid = str(value(connection, "SELECT @@server_uuid"))
    others = []
    if not wish.into and manifest.database not in (target.database, as_spelled(target).database):
        others.append(f"it is of database `{manifest.database}`, not `{target.database}`")
    if manifest.server_uuid != uuid:
        others.append(f"it is of server {manifest.server_uuid}, not {uuid}")
    if others and wish.confirm_target is None:
        raise TargetMismatchError(
            f"backup {manifest.id} was not made of this target; nothing was changed",
            where=target.name,
            why="; ".join(others),
            hint=f"if that is meant: {confirmed}",
        )


def require_new_name(target: Target, into: str) -> None:
    """Raises UsageError for a name that `--into` may not have."""
    wrong = ""
    if into.casefold() == target.database.casefold():
        wrong = "it is the target's own database; leave --into away to restore that"
    elif into.lower() in SYSTEM_DATABASES or "__dbsync_" in into or not into.isprintable():
        wrong = "no such database can be made for it"
    elif len(into) > _LONGEST_NAME:
        wrong = f"a name has at most {_LONGEST_NAME} characters"
    if wrong:
        raise UsageError(f"--into {into!r} cannot be used", why=wrong, hint="--into NEW_DATABASE")


def require_empty(into: Target, unfinished: str = "") -> None:
    """Raises ConfirmationError when the database that `--into` names holds anything.

    `unfinished`: the command of a restore into it that was stopped, if there is one.
    """
    with connect(into.endpoint) as connection:
        if database_charset(connection, into.database) is None:
            return
        tables = table_names(connection, into.database)
        objects = read_objects(connection, into.database).all()
        if tables or objects:
            drop = f"DROP DATABASE {quoted(into.database)};   then the same command"
            raise ConfirmationError(
                f"database `{into.database}` is there already and is not empty; nothing was changed",
                where=into.name,
                why=f"{len(tables)} tables, {len(objects)} views, routines, triggers and events",
                hint=f"{unfinished}   (finishes the restore that filled it)\n     or: {drop}"
                if unfinished
                else f"--into with another name\n     or: {drop}",
            )


def command(backup_id: str, wish: Wish) -> str:
    """What to type to restore it."""
    return f"dbsync restore {shlex.join([backup_id, *wish.as_options()])}"


def way_back(aside: str) -> str | None:
    return "dbsync restore finish" if aside else None


def incomplete(target: Target, names: SideNames, error: BaseException, again: str) -> RestoreFailedError:
    """The error of a restore that stopped, with the state of the data, read from the server."""
    what, why, where, first = str(error.args[-1] if error.args else error), "", target.name, ""
    if isinstance(error, DbsyncError):
        what, why = error.what, f"\n         {error.why}" if error.why else ""
        where = f"{target.name}, {error.where}" if error.where else where
        first = f"{error.hint}; then: " if error.hint else ""
    goes_on = ""
    try:
        with connect(target.endpoint, read_timeout=30.0) as connection:
            swapped = read_plan(connection, names.aside) is not None
            half = rows(
                connection,
                "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s",
                (names.side,),
            )
        state = (
            f"the backup's tables are in place; the state before is complete in database `{names.aside}`"
            if swapped
            else "the database is as it was before the restore"
        )
        goes_on = "begins anew" if swapped or not half else "goes on with the tables that were ready"
    except (pymysql.err.MySQLError, ConnectError, OSError):
        state = UNREACHABLE
    return RestoreFailedError(
        f"the restore did not complete: {what}",
        where=where,
        why=f"DATA STATE: {state}{why}",
        hint=f"{first}{again}   ({goes_on or 'goes on where it can'})",
    )
