"""Which files of a data folder make up the copy, and the private server that runs on them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from resources.backup.source import init_variables, start_variables
from resources.mysql.installation import MysqlInstallation
from resources.mysql.server import PrivateServer
from resources.mysql.server_variables import UNCACHED

# A server makes these itself when it starts; keys and the server's identity must not be copied at all.
_MADE_ANEW = frozenset({"auto.cnf", "mysqld-auto.cnf", "ibtmp1", "binlog.index", "mysql_upgrade_history"})
_MADE_ANEW_FOLDERS = frozenset({"#innodb_temp"})
_MADE_ANEW_SUFFIXES = (".pem", ".pid", ".sock", ".lock", ".err", ".dblwr", ".bdblwr")

# The copy may lose everything in a power cut: the archive is what is kept.
_COPY = {
    "innodb_flush_method": UNCACHED,
    "auto_generate_certs": "OFF",
    "caching_sha2_password_auto_generate_rsa_keys": "OFF",
    "max_allowed_packet": "1G",
}


def files_to_keep(datadir: Path) -> tuple[list[str], list[str]]:
    """(files, folders) of the data folder that are archived, relative to it."""
    files: list[str] = []
    folders: list[str] = []
    for place, below, names in os.walk(datadir):
        below[:] = [name for name in below if name not in _MADE_ANEW_FOLDERS]
        relative = Path(place).relative_to(datadir)
        folders += [str(relative / name) for name in below]
        files += [str(relative / name) for name in names if _is_kept(relative / name)]
    return sorted(files), sorted(folders)


def is_table_file(name: str) -> bool:
    """Whether it is the tablespace of a user's table, which a server only writes to for a reason."""
    folder, _, file = name.rpartition("/")
    return file.endswith(".ibd") and folder not in ("", "mysql", "sys")


def _is_kept(path: Path) -> bool:
    if len(path.parts) > 1:
        return True  # below the top there are only tables and logs
    name = path.name
    return not (name in _MADE_ANEW or name.endswith(_MADE_ANEW_SUFFIXES) or name.startswith("binlog.0"))


def copy_server(
    installation: MysqlInstallation, folder: Path, settings: Mapping[str, str], **more: str
) -> PrivateServer:
    """The server of a cloned (or unpacked) data folder `folder`/data; not started."""
    variables = start_variables(settings, has_time_zones=True) | _COPY | more
    return PrivateServer.on_datadir(installation, folder, variables=variables)


def empty_server(
    installation: MysqlInstallation, folder: Path, settings: Mapping[str, str], **more: str
) -> PrivateServer:
    """An empty server for a logical dump; not started."""
    variables = start_variables(settings, has_time_zones=False) | _COPY | more
    variables["log_bin_trust_function_creators"] = "ON"
    return PrivateServer.create(
        installation, folder, variables=variables, init_variables=init_variables(settings)
    )
