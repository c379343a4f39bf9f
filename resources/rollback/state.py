"""What the data looks like now, in words, read from the server: for whoever must decide."""

from __future__ import annotations

import pymysql

from resources.errors import DbsyncError
from resources.journal import DeploymentRecord
from resources.mysql.connection import connect
from resources.rollback.side import SideNames, database_charset, read_plan
from resources.rollback.spelling import as_spelled
from resources.rollback.stripped import FACT
from resources.target import Target

UNREACHABLE = "unknown, the server cannot be reached; nothing further is done until it was read"


def side_names(target: Target, deployment_id: str) -> SideNames:
    return SideNames.of(target.database, deployment_id.rsplit("-", 1)[-1].lower())


def data_state(target: Target, entry: DeploymentRecord) -> str:
    try:
        target = as_spelled(target)
        names = side_names(target, entry.id)
        with connect(target.endpoint, read_timeout=30.0) as connection:
            if read_plan(connection, names.aside) is not None:
                return (
                    "the old tables are back in place with their rows, compared before; views, routines,"
                    f" triggers or keys may be missing; what they replaced is in `{names.aside}`"
                )
            unswapped = read_plan(connection, names.side)
            if unswapped is not None and FACT in unswapped.facts:
                return (
                    "as the failed deployment left it, users' rows are all there, but keys and triggers of"
                    f" {', '.join(f'`{table}`' for table in unswapped.tables)} were taken off for putting the"
                    f" old ones back, which did not happen; their texts are in `{names.side}`, the next"
                    " rollback puts them on again"
                )
            if database_charset(connection, target.database) is None:
                return f"the database `{target.database}` does not exist; its old state is in the backup"
    except (DbsyncError, pymysql.err.MySQLError, OSError):
        return UNREACHABLE
    return (
        "as the failed deployment left it: what its migrations did so far is in the database,"
        " users' rows are all there, no old table was put back"
    )
