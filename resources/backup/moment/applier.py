"""The private server's own applier, told in SQL: the words differ between MySQL's versions."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pymysql.cursors import DictCursor

from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, execute
from resources.mysql.server import PrivateServer
from resources.progress import Step
from resources.redact import inert, redact

RELAY = "relay"
_POLL = 0.05


class Applier:
    """Applies relay logs that lie in the server's folder: binary log files of another server."""

    def __init__(self, server: PrivateServer, connection: Connection, files: list[Path]) -> None:
        """`files`: named `relay.000001` and so on, in the folder that relay_log names."""
        self._server, self._connection, self._files = server, connection, files
        self._sizes = [path.stat().st_size for path in files]  # the server removes what it has applied
        version = server.installation.version_tuple
        self._replica = "REPLICA" if version >= (8, 0, 22) else "SLAVE"
        new = version >= (8, 0, 23)
        self._change = "CHANGE REPLICATION SOURCE TO SOURCE_HOST" if new else "CHANGE MASTER TO MASTER_HOST"
        # A copy of a replica has its channels.
        execute(connection, f"RESET {self._replica} ALL")
        (files[0].parent / f"{RELAY}.index").write_text("".join(f"{path}\n" for path in files))

    def apply(self, file: int, start: int, last: int, end: int, step: Step) -> None:
        """From `start` in the file with this place in `files` up to `end` in the one with place `last`.

        Raises RestoreFailedError with the server's words.
        """
        name = self._files[file].name
        execute(
            self._connection,
            f"{self._change} = 'nowhere', RELAY_LOG_FILE = '{name}', RELAY_LOG_POS = {start}",
        )
        until = f"RELAY_LOG_FILE = '{self._files[last].name}', RELAY_LOG_POS = {end}"
        execute(self._connection, f"START {self._replica} SQL_THREAD UNTIL {until}")
        done = self._bytes_before(name, start)
        while True:
            status = self._status()
            place, position = str(status["Relay_Log_File"]), int(status["Relay_Log_Pos"])
            now = self._bytes_before(place, position)
            step.advance(max(0, now - done))
            done = max(done, now)
            if status.get("Replica_SQL_Running", status.get("Slave_SQL_Running")) == "No":
                break
            time.sleep(_POLL)
        if int(status["Last_SQL_Errno"]) or (place, position) != (self._files[last].name, end):
            raise RestoreFailedError(
                "the binary log could not be replayed on the private server",
                where=f"{place}:{position}",
                why=self._why(str(status["Last_SQL_Error"])),
                hint=f"the server's messages: {self._server.error_log}",
            )

    def end(self) -> None:
        execute(self._connection, f"RESET {self._replica} ALL")

    def _bytes_before(self, name: str, position: int) -> int:
        total = 0
        for path, size in zip(self._files, self._sizes, strict=True):
            if path.name == name:
                return total + position
            total += size
        return total

    def _status(self) -> dict[str, Any]:
        with self._connection.cursor(DictCursor) as cursor:
            cursor.execute(f"SHOW {self._replica} STATUS")
            found = cursor.fetchone()
        assert found, "the channel was made a moment ago"
        return found

    def _why(self, told: str) -> str:
        """With several workers the status only says that there is an error; the log says which."""
        lines = self._server.error_log.read_text(errors="replace").splitlines()
        errors = [line for line in lines if "[ERROR]" in line and "Error_code" in line]
        return inert(redact(errors[0] if errors else told))[:2000]
