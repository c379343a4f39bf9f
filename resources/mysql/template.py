"""An initialised data folder, made once and copied for every private server after that."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from resources.child_environment import mysql_environment
from resources.durable_file import disk_full
from resources.errors import EnvironmentCheckError
from resources.mysql.installation import MysqlInstallation
from resources.mysql.server_variables import as_arguments, merged
from resources.progress import step

# Small files to copy. The redo log is resized at the first start anyway, and 8 MB is its minimum.
_INITIALISE = {
    "innodb_redo_log_capacity": "8M",
    "innodb_doublewrite": "OFF",
    "innodb_flush_log_at_trx_commit": "0",
}


def template_folder(installation: MysqlInstallation, init_variables: Mapping[str, str]) -> Path:
    """The template for this version and these settings, below the tools folder; made if it is missing.

    `init_variables` are those that are fixed when a data folder is made
    (lower_case_table_names, innodb_page_size). Two processes may make the same one at
    once: each works in a folder of its own, and the first rename wins.
    Raises EnvironmentCheckError with the server's words when it cannot be made.
    """
    settings = merged(init_variables)
    key = repr(sorted(settings.items())).encode()
    name = f"{installation.version}-{hashlib.sha256(key).hexdigest()[:12]}"
    final = installation.tools / "templates" / name
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{name}.partial-", dir=final.parent))
    try:
        with step("initialising a private MySQL (once)"):
            _initialise(installation, work / "data", merged(_INITIALISE, settings))
        try:
            (work / "data").rename(final)
        except OSError:
            if not final.is_dir():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def copy_template(template: Path, datadir: Path) -> None:
    """A data folder of its own; on failure nothing of it stays. Raises DiskFullError, FileExistsError."""
    if datadir.exists():
        raise FileExistsError(datadir)
    try:
        _copy(template, datadir)
    except BaseException:
        shutil.rmtree(datadir, ignore_errors=True)
        raise


def _copy(template: Path, datadir: Path) -> None:
    try:
        shutil.copytree(template, datadir, copy_function=_copy_file)
    except shutil.Error as errors:
        raise EnvironmentCheckError(
            "a private MySQL could not be set up", where=str(datadir), why=str(errors)[:500]
        ) from errors
    except OSError as error:
        raise disk_full(error, datadir) from error
    datadir.chmod(0o700)


def _copy_file(source: str, destination: str) -> None:
    try:
        shutil.copy(source, destination)
    except OSError as error:
        # copytree would collect it into text, and the reason (disk full) would be lost.
        raise disk_full(error, Path(destination).parent) from error


def _initialise(installation: MysqlInstallation, datadir: Path, variables: Mapping[str, str]) -> None:
    command = [
        *installation.command("mysqld"),
        "--no-defaults",
        *installation.mysqld_arguments(),
        "--initialize-insecure",
        f"--datadir={datadir}",
        "--secure-file-priv=",
        "--mysqlx=OFF",
        *as_arguments(variables, installation.version_tuple),
        *(["--user=root"] if os.geteuid() == 0 else []),
    ]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        umask=0o077,
        env=mysql_environment(),
    )
    if run.returncode != 0:
        errors = [line for line in run.stderr.splitlines() if "[ERROR]" in line] or run.stderr.splitlines()
        raise EnvironmentCheckError(
            f"MySQL {installation.version} could not initialise a data folder",
            where=str(datadir),
            why="\n".join(errors[:5])[:1000],
            hint="check free disk space and permissions there",
        )
    # Each copy makes its own, or two servers would share one server_uuid.
    (datadir / "auto.cnf").unlink(missing_ok=True)
