"""Binary logs replayed on a private server that holds the backup before them.

The server's own replication applier does it, with the files as its relay logs: it is exact, works
in parallel, and takes transactions of any size. What mysqlbinlog prints for `mysql` is a single
statement for each statement of the log, and fails where that is larger than 1 GB.
(docs/decisions/0011 has the figures.)

Two kinds of statements are not for the applier. Those about accounts fail on a server whose
accounts are out of force (and FLUSH PRIVILEGES would put them in force); they are left out. An
event that a replica creates is disabled there for good; such statements are fed to `mysql`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources import progress
from resources.backup.moment.applier import RELAY, Applier
from resources.backup.moment.plan import Plan, Single
from resources.child_environment import mysql_environment
from resources.errors import RestoreFailedError
from resources.mysql.binlog_event import Query
from resources.mysql.connection import Connection, connect, execute, option_file, quoted, rows, value
from resources.mysql.gtid_set import GtidSet
from resources.mysql.server import PrivateServer
from resources.redact import inert, redact

_NO_DATABASE = 1049
_WORKERS = 4
_ALTER_EVENT = re.compile(rb"\AALTER\s+EVENT\b", re.IGNORECASE)


def variables(plan: Plan, folder: Path) -> dict[str, str]:
    """What the private server in `folder` is to be started with so that it can replay."""
    plain = not plan.replayed.gtids
    mixed = bool(plan.replayed.gtids and plan.replayed.anonymous)
    found = {
        "relay_log": str(folder / RELAY / RELAY),
        # Its own events would be skipped, and every server's number is 1 by default.
        "replicate_same_server_id": "ON",
        "server_id": "1",
        "gtid_mode": "OFF" if plain else "ON_PERMISSIVE" if mixed else "ON",
        "enforce_gtid_consistency": "OFF" if plain or mixed else "ON",
        "replica_parallel_workers": str(_WORKERS),
        "innodb_redo_log_capacity": "512M",
    }
    if plan.base.engine != "clone":
        # Only one database is here. What is done to others is not for this server.
        found["replicate_wild_do_table"] = f"{_pattern(plan.base.database)}.%"
        found["replica_skip_errors"] = str(_NO_DATABASE)
    return found


def replay(server: PrivateServer, plan: Plan) -> None:
    """Bring a server that was started with `variables` from the backup to the plan's moment.

    The plan's files are used up. Raises RestoreFailedError.
    """
    folder = server.folder / RELAY
    folder.mkdir(mode=0o700, exist_ok=True)
    names = plan.replayed.files
    files = [folder / f"{RELAY}.{number:06d}" for number in range(1, len(names) + 1)]
    for name, path in zip(names, files, strict=True):
        plan.files[name].path.rename(path)
        os.truncate(path, plan.files[name].length)
    with connect(server.endpoint) as connection:
        _require_base(server, plan, _executed(connection))
        applier = Applier(server, connection, files)
        with progress.step("replay binary logs", total=plan.replayed.size, unit="bytes") as step:
            for (first, start), (last, end), single in _segments(plan):
                if (first, start) != (last, end):
                    applier.apply(first, start, last, end, step)
                if single is not None:
                    _one_by_hand(server, connection, plan, files[names.index(single.file)], single)
        applier.end()
        missing = plan.replayed.gtids.minus(_executed(connection))
    if missing:
        raise RestoreFailedError(
            "the private server did not replay all that it was given",
            where=str(server.folder),
            why=str(missing),
        )
    shutil.rmtree(folder, ignore_errors=True)


Place = tuple[int, int]
"""(which of the files, position in it)."""


def _segments(plan: Plan) -> Iterator[tuple[Place, Place, Single | None]]:
    """From where to where the applier works, and the statement after that which is not for it."""
    run = plan.replayed
    place = (0, run.start)
    for single in run.singles:
        before = (run.files.index(single.before[0]), single.before[1]) if single.before else place
        yield place, before, single
        place = (run.files.index(single.file), single.end)
    yield place, (len(run.files) - 1, run.end), None


def _require_base(server: PrivateServer, plan: Plan, held: GtidSet) -> None:
    """What the server holds decides what it would skip without a word."""
    base = GtidSet.parse(plan.base.gtid_executed)
    twice = plan.replayed.gtids.minus(plan.replayed.gtids.minus(held))
    lacking = base.minus(held) if plan.base.engine == "clone" else GtidSet()
    if twice or lacking:
        raise RestoreFailedError(
            "the private server does not hold what the backup's manifest says",
            where=f"{plan.base.id}, {server.folder}",
            why=f"too much: {twice or 'nothing'}; lacking: {lacking or 'nothing'}",
            hint=f"dbsync backups verify {plan.base.id}",
        )


def _executed(connection: Connection) -> GtidSet:
    return GtidSet.parse(str(value(connection, "SELECT @@GLOBAL.gtid_executed")).replace("\n", ""))


def _one_by_hand(
    server: PrivateServer, connection: Connection, plan: Plan, file: Path, single: Single
) -> None:
    """Feed one statement to `mysql`, where it runs as it did on its server and not as on a replica."""
    if _is_left_out(plan, single):
        _leave_out(connection, single)
        return
    programs = server.installation
    printed = subprocess.run(
        [
            *programs.command("mysqlbinlog"),
            "--no-defaults",
            f"--start-position={single.start}",
            f"--stop-position={single.end}",
            "--",
            str(file),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=mysql_environment(LC_ALL="C"),
        check=False,
    )
    text = printed.stdout
    for query in single.queries:
        text = text.replace(query.text, _with_definer(query), 1)
    with option_file(server.endpoint, server.folder) as login, _stand_ins(connection, plan, single):
        fed = subprocess.run(
            [
                *programs.command("mysql"),
                f"--defaults-file={login}",
                "--binary-mode",
                "--max-allowed-packet=1G",
            ],
            input=text,
            capture_output=True,
            env=mysql_environment(LC_ALL="C"),
            check=False,
        )
    if plan.base.engine != "clone" and b"ERROR %d " % _NO_DATABASE in fed.stderr:
        _leave_out(connection, single)
    elif printed.returncode or fed.returncode:
        said = (printed.stderr + fed.stderr).decode(errors="replace")[:2000]
        raise RestoreFailedError(
            "a statement of the binary log could not be replayed",
            where=f"{single.file}:{single.start}",
            why=inert(redact(said)),
            hint=f"mysqlbinlog ended with {printed.returncode}, mysql with {fed.returncode}",
        )


@contextmanager
def _stand_ins(connection: Connection, plan: Plan, single: Single) -> Iterator[None]:
    """Empty databases for those that were in use when it ran and that a dump does not hold.

    It may be about the dump's own all the same: USE other; CREATE EVENT own.e …
    """
    missing: list[str] = []
    if plan.base.engine != "clone":
        here = {name for (name,) in rows(connection, "SHOW DATABASES")}
        missing = sorted({query.database for query in single.queries if query.database} - here)
    for name in missing:
        execute(connection, f"CREATE DATABASE {quoted(name)}")
    try:
        yield
    finally:
        for name in missing:
            execute(connection, f"DROP DATABASE IF EXISTS {quoted(name)}")


def _with_definer(query: Query) -> bytes:
    """An altered event belongs to who altered it, which the log says and mysqlbinlog does not print."""
    head, rest = query.text[: query.beginning], query.text[query.beginning :]
    if query.invoker is None:
        return query.text
    user, host = (quoted(part).encode() for part in query.invoker)
    return head + _ALTER_EVENT.sub(lambda _: b"ALTER DEFINER=%s@%s EVENT" % (user, host), rest, count=1)


def _is_left_out(plan: Plan, single: Single) -> bool:
    if any(query.is_of_accounts for query in single.queries):
        return True
    database = plan.base.database
    return plan.base.engine != "clone" and not any(
        query.database == database or database.encode() in query.text for query in single.queries
    )


def _leave_out(connection: Connection, single: Single) -> None:
    if single.gtid:  # so that it counts as executed
        for statement in (f"SET gtid_next = '{single.gtid}'", "COMMIT", "SET gtid_next = 'AUTOMATIC'"):
            execute(connection, statement)


def _pattern(database: str) -> str:
    """Of one database, for a filter in which `_` and `%` stand for anything."""
    return database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
