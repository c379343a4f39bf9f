"""Private servers that are left running for a person to look into: restored backups, by name."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from resources.backup.moment.moment import END, Moment
from resources.backup.point_in_time import opened_at
from resources.backup.proof import utc_text
from resources.backup.remote.listing import locate
from resources.backup.storage import OWNER, is_abandoned, write_owner
from resources.backup.usable import say_standing
from resources.durable_file import disk_full, write_durably
from resources.errors import EnvironmentCheckError, UsageError
from resources.mysql.get import get_mysql
from resources.mysql.installation import MysqlInstallation
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.server import PrivateServer
from resources.target import Target

RECORD = "private.json"
_NAME = re.compile(r"p[1-9][0-9]{0,5}", re.ASCII)


@dataclass(frozen=True)
class LeftRunning:
    name: str
    database: str
    backup_id: str
    """The full backup it was made from."""
    moment: str
    reached: str
    """Binary log file and position of its state."""
    gtids: str
    last_commit: str
    """Of the last transaction that was replayed, UTC; empty where none was."""
    made_at: str
    socket: str
    connect: str
    """The command that connects to it."""
    running: bool = True

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"stop_it_with": f"dbsync private stop {self.name}"}


def leave_running(target: Target, backup_id: str, moment: Moment | None) -> LeftRunning:
    """Open a backup (or a moment after it) on a private server that outlives this process.

    It listens on its socket only, in a folder of this user's; every login is root there, without a
    password, and no event runs. One that failed its newest proof may be looked into; that is said.
    Raises as `opened_at`.
    """
    folder = _new_folder(target)
    try:
        if backup_id and (named := locate(target, backup_id)).type == "incremental":
            say_standing(named)
        opened = opened_at(target, backup_id, moment or END, folder, say_standing)
        server, plan = opened.server, opened.plan
        try:
            file, position = plan.reached
            told = plan.as_dict()["reached"]
            left = LeftRunning(
                folder.name,
                plan.base.database,
                plan.base.id,
                str(plan.moment),
                f"{file}:{position}",
                str(told["gtids"]),
                str(told["last_commit"]),
                utc_text(),
                str(server.socket),
                _connect_command(server.installation, server.socket, plan.base.database),
            )
            # First the record: from then on the folder is kept.
            write_durably(folder / RECORD, json.dumps(asdict(left)).encode())
            server.leave_running()
        except BaseException:
            server.kill()
            raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    (folder / OWNER).unlink(missing_ok=True)
    return left


def list_running(target: Target) -> list[LeftRunning]:
    """All that were left, by age; `running` says whether each one still does."""
    parent = _parent(target)
    found = []
    for folder in parent.iterdir() if parent.is_dir() else []:
        left = _read(folder)
        if left is not None:
            server = _server(target, folder)
            found.append(replace(left, running=server.is_running))
    return sorted(found, key=lambda one: int(one.name[1:]))


def stop(target: Target, name: str) -> None:
    """End a server and remove its folder. Raises UsageError for a name that is none of them."""
    folder = _parent(target) / name
    if not _NAME.fullmatch(name) or folder.is_symlink() or _read(folder) is None:
        raise UsageError(f"there is no private server {name[:60]!r}", hint="dbsync private list")
    _server(target, folder).kill()
    shutil.rmtree(folder)


def _server(target: Target, folder: Path) -> PrivateServer:
    return PrivateServer.on_datadir(get_mysql(target.tools, target.mysqld), folder)


def _connect_command(installation: MysqlInstallation, socket: Path, database: str) -> str:
    client = [*installation.command("mysql"), "--no-defaults", f"--socket={socket}", "--user=root"]
    # No positional argument: more options may be typed behind it.
    return shlex.join([*client, "--default-character-set=utf8mb4", f"--database={database}"])


def _parent(target: Target) -> Path:
    return target.state / "private"


def _read(folder: Path) -> LeftRunning | None:
    try:
        return LeftRunning(**json.loads((folder / RECORD).read_text()))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def _new_folder(target: Target) -> Path:
    parent = _parent(target)
    _remove_killed(parent)
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(1, 1_000_000):
            folder = parent / f"p{number}"
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                continue
            write_owner(folder)
            return folder
    except OSError as error:
        raise disk_full(error, parent) from error
    raise EnvironmentCheckError("there are too many private servers", where=str(parent))


def _remove_killed(parent: Path) -> None:
    """What a process left that was killed while it opened one."""
    stop_leftovers(parent)
    for folder in parent.iterdir() if parent.is_dir() else []:
        if _read(folder) is None and not folder.is_symlink() and is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
