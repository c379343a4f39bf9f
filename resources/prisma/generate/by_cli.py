"""The script that the project's own Prisma CLI writes: `migrate diff` on a private server.

Never with the application's prisma.config.* or `.env`: both would bring the target's address into
the CLI and into the engine it starts. It works on copies, in a private folder.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from resources import progress
from resources.mysql.connection import Connection, execute, quoted
from resources.mysql.get import get_mysql
from resources.mysql.server import PrivateServer
from resources.prisma.folder import SCRIPT, MigrationFile
from resources.prisma.generate.project_cli import ProjectCli
from resources.prisma.generate.run_cli import run_cli
from resources.prisma.generate.write import LOCK_TEXT
from resources.prisma.lock_file import LOCK_FILE
from resources.target import Target
from resources.validation.empty_server import empty_server
from resources.validation.like_target import Likeness, create_definers, likeness, make_alike

_SECONDS = 600.0
"""For the replay of a long history by the engine."""
_PROBE_SECONDS = 60.0
_USER = "prisma"
_BESIDE = "dbsync_prisma"
"""The engine refuses a shadow database that is also the database."""
_NOWHERE = "mysql://localhost/nowhere?socket=/nonexistent"


def script_by_cli(
    target: Target,
    connection: Connection,
    cli: ProjectCli,
    schema: Sequence[tuple[str, str]],
    files: Sequence[MigrationFile],
) -> str:
    """From what `files`, in this order, make to what `schema`, (path, text), asks for; "" for nothing.

    `connection` is to the target's server, whose settings are copied; it is only read. Raises
    CliUnusable; DiskFullError and EnvironmentCheckError of the private server.
    """
    with tempfile.TemporaryDirectory(prefix="dbsync-prisma-") as name:
        folder = Path(name)
        to = ["--to-schema" if cli.major >= 7 else "--to-schema-datamodel", _copy_schema(folder, schema)]
        # Before a server is started: most often it is the engine that is not there.
        _configure(cli, folder, _NOWHERE, _NOWHERE)
        run_cli(cli, [*_config(cli), "--from-empty", *to], folder, _NOWHERE, _PROBE_SECONDS)
        _copy_migrations(folder / "migrations", files)
        with (
            progress.step(f"{cli.name} writes the migration"),
            _shadow_server(target, likeness(connection, target.database), files) as server,
        ):
            shadow, beside = _url(server, target.database), _url(server, _BESIDE)
            _configure(cli, folder, beside, shadow)
            asked = [*_config(cli), "--from-migrations", "migrations", *to]
            if cli.major < 7:
                asked += ["--shadow-database-url", shadow]
            return run_cli(cli, asked, folder, beside, _SECONDS)


def _copy_schema(folder: Path, schema: Sequence[tuple[str, str]]) -> str:
    """Where it is, relative to `folder`."""
    if len(schema) == 1:
        (folder / "schema.prisma").write_text(schema[0][1], encoding="utf-8")
        return "schema.prisma"
    root = os.path.commonpath([Path(path).parent for path, _ in schema])
    for path, text in schema:
        copy = folder / "schema" / Path(path).relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
    return "schema"


def _copy_migrations(folder: Path, files: Sequence[MigrationFile]) -> None:
    folder.mkdir()
    (folder / LOCK_FILE).write_text(LOCK_TEXT, encoding="utf-8")
    for file in files:
        (folder / file.name).mkdir()
        (folder / file.name / SCRIPT).write_bytes(file.content)


def _config(cli: ProjectCli) -> list[str]:
    return ["--config", "prisma.config.mjs"] if cli.major >= 7 else []


def _configure(cli: ProjectCli, folder: Path, url: str, shadow: str) -> None:
    """From Prisma 7 on addresses are in a file of settings and in no option."""
    if cli.major >= 7:
        settings = {"datasource": {"url": url, "shadowDatabaseUrl": shadow}}
        (folder / "prisma.config.mjs").write_text(
            f"export default {json.dumps(settings)}\n", encoding="utf-8"
        )


@contextmanager
def _shadow_server(target: Target, like: Likeness, files: Sequence[MigrationFile]) -> Iterator[PrivateServer]:
    installation = get_mysql(target.tools, target.mysqld)
    with empty_server(target, installation, like) as server:
        with server.connect() as admin:
            make_alike(admin, like)
            execute(admin, f"CREATE DATABASE {quoted(_BESIDE)}")
            # No password: the address is in argv, of Prisma 7's engine too. The socket's folder is
            # private and the server does not listen, so that nobody else comes in.
            execute(admin, f"CREATE USER {_USER}@localhost")
            execute(admin, f"GRANT ALL ON *.* TO {_USER}@localhost WITH GRANT OPTION")
            for file in files:
                create_definers(admin, file.content.decode("utf-8", "replace"))
        yield server


def _url(server: PrivateServer, database: str) -> str:
    return f"mysql://{_USER}@localhost/{quote(database, safe='')}?{urlencode({'socket': server.socket})}"
