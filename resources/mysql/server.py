"""Private MySQL servers: initialised, started, awaited, stopped; each in a folder of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from resources.child_environment import mysql_environment
from resources.durable_file import write_durably
from resources.errors import AuthenticationError, ConnectError, EnvironmentCheckError
from resources.mysql.connection import Connection, connect
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import MysqlInstallation
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.process_identity import identity_of
from resources.mysql.server_log import port_is_taken, start_error
from resources.mysql.server_network import accounts_sql, free_port, socket_for
from resources.mysql.server_record import PID_FILE, ServerProcess, ServerSettings
from resources.mysql.server_variables import SCRATCH, as_arguments, merged
from resources.mysql.template import copy_template, template_folder
from resources.redact import remember

__all__ = ["PrivateServer", "stop_leftovers"]

_POLL = 0.02
_PORT_ATTEMPTS = 5
_KILLED_WITHIN = 30.0


class PrivateServer:
    """One mysqld that belongs to dbsync.

    The folder (0700) holds `data`, the error log, the socket `s` (elsewhere when the path
    would be too long for one) and the records by which another process finds the server.
    Its settings are those of server_variables.SCRATCH unless `variables` say otherwise.
    """

    def __init__(
        self,
        installation: MysqlInstallation,
        folder: Path,
        settings: ServerSettings,
        variables: Mapping[str, str],
    ) -> None:
        self.installation = installation
        self.folder = folder
        self.datadir = folder / "data"
        self.error_log = folder / "error.log"
        self.variables = merged(SCRATCH, settings.init_variables or {}, variables)
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        if settings.password:
            remember(settings.password)

    @classmethod
    def create(
        cls,
        installation: MysqlInstallation,
        folder: Path,
        *,
        tcp: bool = False,
        variables: Mapping[str, str] | None = None,
        init_variables: Mapping[str, str] | None = None,
    ) -> PrivateServer:
        """A new, empty server, not started yet.

        `tcp`: also listen on a free port of 127.0.0.1, with a random password.
        `init_variables` are fixed for good (lower_case_table_names, innodb_page_size).
        Raises EnvironmentCheckError, DiskFullError, FileExistsError.
        """
        folder = folder.absolute()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        fixed = merged(init_variables or {})
        copy_template(template_folder(installation, fixed), folder / "data")
        settings = ServerSettings(
            socket=socket_for(folder),
            port=free_port() if tcp else 0,
            password=secrets.token_urlsafe(18) if tcp else "",
            init_variables=fixed,
        )
        settings.save(folder)
        return cls(installation, folder, settings, variables or {})

    @classmethod
    def on_datadir(
        cls, installation: MysqlInstallation, folder: Path, *, variables: Mapping[str, str] | None = None
    ) -> PrivateServer:
        """The server of a data folder that is there already, `folder`/data; perhaps running already."""
        folder = folder.absolute()
        folder.chmod(0o700)
        settings = ServerSettings.load(folder)
        if settings is None:
            settings = ServerSettings(socket=socket_for(folder), secured=True)
            settings.save(folder)
        return cls(installation, folder, settings, variables or {})

    # --- what it is -------------------------------------------------------------

    @property
    def version(self) -> str:
        return self.installation.version

    @property
    def socket(self) -> Path:
        return Path(self._settings.socket)

    @property
    def port(self) -> int:
        """0 when it does not listen on TCP."""
        return self._settings.port

    @property
    def pid(self) -> int | None:
        """The running server's process id, None when it does not run."""
        if self._process is not None:
            return self._process.pid if self._process.poll() is None else None
        record = ServerProcess.load(self.folder)
        if record is None or record.server is None or not record.server.is_alive:
            return None
        return record.server.pid

    @property
    def is_running(self) -> bool:
        return self.pid is not None

    @property
    def endpoint(self) -> Endpoint:
        """The administrator, over the socket."""
        return Endpoint("localhost", self.port, "root", self._settings.password, socket=self.socket)

    @property
    def tcp_endpoint(self) -> Endpoint:
        """The administrator `dbsync`, over TCP. Raises ValueError on a server without TCP."""
        if not self.port:
            raise ValueError(f"{self.folder}: this server was created without tcp=True")
        return Endpoint("127.0.0.1", self.port, "dbsync", self._settings.password)

    def connect(self, database: str | None = None, *, multi_statements: bool = False) -> Connection:
        return connect(self.endpoint, database, multi_statements=multi_statements)

    # --- start ------------------------------------------------------------------

    def start(self, *, skip_grants: bool = False, timeout: float = 120) -> None:
        """Start it and return when it answers; does nothing when it runs.

        `skip_grants`: any user, no password, socket only; for copies whose accounts are
        another server's. Raises EnvironmentCheckError with the end of the error log,
        DiskFullError when that is why.
        """
        if self.is_running:
            return
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            try:
                self._start_once(skip_grants, time.monotonic() + timeout)
                return
            except ConnectError:
                raise
            except Exception:
                taken = self.port and not skip_grants and port_is_taken(self.error_log)
                if not taken or attempt == _PORT_ATTEMPTS:
                    raise
                # Another process bound it between our look and the server's.
                self._settings.port = free_port()
                self._settings.save(self.folder)

    def _start_once(self, skip_grants: bool, deadline: float) -> None:
        self._prepare_socket()
        init_file = self._write_accounts() if self.port and not skip_grants else None
        owner = identity_of(os.getpid())
        # Before the process exists, so that a kill at any moment leaves a trace of it.
        ServerProcess(str(self.datadir), None, owner).save(self.folder)
        try:
            with self.error_log.open("wb") as log:
                self.error_log.chmod(0o600)
                # A group of its own: Ctrl-C in the terminal is for dbsync, which stops it in order. Not a
                # session: Linux shares processors among those first, and beside one of its own the
                # niceness of dbsync's threads counted for nothing (digests in 5.0 s instead of 4.4).
                self._process = subprocess.Popen(
                    self._command(skip_grants, init_file),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    umask=0o077,
                    process_group=0,
                    env=mysql_environment(),
                )
            # When it ended at once, the wait below says why.
            with suppress(ProcessLookupError):
                ServerProcess(str(self.datadir), identity_of(self._process.pid), owner).save(self.folder)
            self._wait_until_it_answers(self._process, deadline)
        except BaseException:
            self.kill()
            raise
        finally:
            if init_file is not None:
                init_file.unlink(missing_ok=True)
        if init_file is not None:
            self._settings.secured = True
            self._settings.save(self.folder)

    def _command(self, skip_grants: bool, init_file: Path | None) -> list[str]:
        listens = self.port and not skip_grants
        return [
            *self.installation.command("mysqld"),
            "--no-defaults",
            *self.installation.mysqld_arguments(),
            f"--datadir={self.datadir}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'mysqld.own.pid'}",
            "--mysqlx=OFF",
            # The packages' built-in folder does not exist here, and the server would not start.
            "--secure-file-priv=",
            # Settings that a copied production server was told to keep are not for this one.
            "--persisted-globals-load=OFF",
            # A missing plugin file is a line in the error log, not a failed start.
            "--plugin-load-add=mysql_clone.so",
            *(["--bind-address=127.0.0.1", f"--port={self.port}"] if listens else ["--skip-networking"]),
            *(["--skip-grant-tables"] if skip_grants else []),
            *([f"--init-file={init_file}"] if init_file else []),
            *as_arguments(self.variables, self.installation.version_tuple),
            *(["--user=root"] if os.geteuid() == 0 else []),
        ]

    def _prepare_socket(self) -> None:
        """A stale lock file would stop the start when its process number is in use again."""
        folder = self.socket.parent
        if folder != self.folder:
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                shared = folder.stat()
                if shared.st_uid != os.geteuid() or shared.st_mode & 0o077:
                    self._settings.socket = str(Path(tempfile.mkdtemp(prefix="dbsync-")) / "s")
                    self._settings.save(self.folder)
        for stale in (self.socket, self.socket.with_name(self.socket.name + ".lock")):
            stale.unlink(missing_ok=True)

    def _write_accounts(self) -> Path | None:
        """The statements that set the password, in a 0600 file: argv can be read by everyone."""
        if self._settings.secured:
            return None
        path = self.folder / "accounts.sql"
        write_durably(path, accounts_sql(self._settings.password).encode())
        return path

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        while True:
            if process.poll() is not None:
                raise start_error(self.version, self.folder, self.error_log, process.returncode)
            if self.socket.exists():
                try:
                    connect(self.endpoint).close()
                    return
                except AuthenticationError:
                    # A copy with another server's accounts; it answers, and that is the question.
                    return
                except ConnectError:
                    if time.monotonic() > deadline:
                        raise
            if time.monotonic() > deadline:
                raise start_error(self.version, self.folder, self.error_log, None)
            time.sleep(_POLL)

    # --- stop -------------------------------------------------------------------

    def stop(self, timeout: float = 60) -> None:
        """Shut it down in order, by force after `timeout` seconds.

        About 1.5 s, and 2 s more while connections are open.
        """
        self._signal(signal.SIGTERM)
        if not self._gone_within(timeout):
            self.kill()
        self._forget()

    def kill(self) -> None:
        """End it at once. Its next start recovers what had been committed and flushed."""
        self._signal(signal.SIGKILL)
        if not self._gone_within(_KILLED_WITHIN):
            # Its record stays, so that it can still be found.
            raise EnvironmentCheckError(
                f"a private MySQL {self.version} does not end, not even when killed",
                where=f"process {self.pid}, {self.folder}",
                hint="look at the disk it writes to (dmesg); then end the process",
            )
        self._forget()

    def discard(self) -> None:
        """Kill it and delete its folder: the fast end of a server nobody needs any more."""
        self.kill()
        shutil.rmtree(self.folder)

    def leave_running(self) -> None:
        """It shall outlive this process: stop_leftovers will not touch it."""
        pid = self.pid
        if pid is not None:
            ServerProcess(str(self.datadir), identity_of(pid), None).save(self.folder)

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_running:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def _forget(self) -> None:
        self._process = None
        (self.folder / PID_FILE).unlink(missing_ok=True)
        if self.socket.parent != self.folder and self.socket.parent.exists():
            shutil.rmtree(self.socket.parent)

    # --- with -------------------------------------------------------------------

    def __enter__(self) -> PrivateServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
