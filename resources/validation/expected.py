"""What the schema should be: the migrations, replayed on an empty private server.

Or, where that cannot tell, on a private server that was given a database's present schema.

The scripts go to the server whole, as the runner sends them, on one connection, as
Prisma's shadow database does. Results are kept by content: the same files under
the same settings are replayed once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pymysql

from resources import progress
from resources.durable_file import write_durably
from resources.errors import MigrationFailedError
from resources.mysql.connection import Connection, connect, execute, value
from resources.mysql.get import get_mysql
from resources.mysql.installation import MysqlInstallation
from resources.mysql.schema import HISTORY_TABLE, Schema, read_schema, table_names
from resources.prisma.failure import cannot_run
from resources.prisma.folder import MigrationFile
from resources.prisma.history import CREATE_TABLE
from resources.redact import inert
from resources.target import Target
from resources.validation.blueprint import Blueprint, make_anew
from resources.validation.empty_server import empty_server
from resources.validation.like_target import Collation, Likeness, create_definers, likeness, make_alike

# Changes whenever what is stored means something else, so that older entries are not read.
_FORMAT = 1


def expected_schema(
    target: Target, files: Sequence[MigrationFile], connection: Connection, *, start: Collation | None = None
) -> Schema:
    """The schema that `files`, applied in this order to an empty database, make on the target's server."""
    return expected_schemas(target, [files], connection, start=start)[0]


def expected_schemas(
    target: Target,
    chains: Sequence[Sequence[MigrationFile]],
    connection: Connection,
    *,
    begin_with: Blueprint | None = None,
    start: Collation | None = None,
) -> list[Schema]:
    """The expected schema of each chain, in the order given.

    A chain that another one begins with costs nothing extra: both are read in one replay.
    begin_with: the schema, without rows, that the chains start from instead of an empty database.
    start: the database's default to start from where that is not today's.
    `connection` is to the target's server, whose settings are copied; it is only read.
    Raises MigrationFailedError naming file, statement and the server's message where a
    script does not run; nothing was changed on the target then.
    """
    installation = get_mysql(target.tools, target.mysqld)
    like = likeness(connection, target.database)
    if start:
        like = replace(like, charset=start[0], collation=start[1])
    wanted = [tuple(chain) for chain in chains]
    keys = [_key(installation, like, chain, begin_with) for chain in wanted]
    folder = target.state / "expected"
    known = {key: schema for key in set(keys) if (schema := _load(folder / f"{key}.json")) is not None}
    todo = {key: chain for key, chain in zip(keys, wanted, strict=True) if key not in known}
    while todo:
        longest = max(todo.values(), key=len)
        stops = {len(chain): key for key, chain in todo.items() if chain == longest[: len(chain)]}
        for length, schema in _replay(target, installation, like, longest, set(stops), begin_with):
            _store(folder / f"{stops[length]}.json", schema)
            known[stops[length]] = schema
            del todo[stops[length]]
    return [known[key] for key in keys]


def _replay(
    target: Target,
    installation: MysqlInstallation,
    like: Likeness,
    files: Sequence[MigrationFile],
    stops: set[int],
    begin_with: Blueprint | None,
) -> Iterator[tuple[int, Schema]]:
    """(number of files applied, schema then) at each of `stops`."""
    if like.version.split(".")[:2] != installation.version.split(".")[:2]:
        progress.say(
            f"migrations are replayed on MySQL {installation.version}, the target runs {like.version}:"
            " differences in how the two versions print a schema may show"
        )
    on = "an empty database" if begin_with is None else "a copy of the present schema"
    title = f"replay {len(files)} migrations on {on}"
    with progress.step(title, total=len(files), unit="migrations") as step:
        with empty_server(target, installation, like) as server:
            # Two connections: a script may change its session (`SET sql_mode`), the reader must not notice.
            # The second one comes after make_alike, so that it gets the target's settings as its own.
            reader = server.connect()
            make_alike(reader, like)
            lacking = None
            if begin_with is not None:
                with server.connect(like.database) as maker:
                    lacking = make_anew(maker, begin_with)
            runner = connect(server.endpoint, like.database, multi_statements=True)
            try:
                reader.select_db(like.database)
                # It is there on the target too: a script that makes it fails here as there.
                execute(reader, CREATE_TABLE)
                if 0 in stops:
                    yield 0, _read(reader, like.database)
                for number, file in enumerate(files, start=1):
                    _run(runner, reader, file, lacking)
                    step.advance(1)
                    if number in stops:
                        yield number, _read(reader, like.database)
            finally:
                runner.close()
                reader.close()


def _read(reader: Connection, database: str) -> Schema:
    schema = read_schema(reader, database)
    tables = {name: text for name, text in schema.tables.items() if name.lower() != HISTORY_TABLE}
    return replace(schema, tables=tables)


def _run(runner: Connection, reader: Connection, file: MigrationFile, lacking: Sequence[str] | None) -> None:
    if file.missing:
        raise MigrationFailedError(
            f"migration `{inert(file.name)}` has no script (Prisma P3015)",
            where=inert(str(file.path)),
            hint="restore the file from version control",
        )
    script = file.content.decode("utf-8", "replace")
    create_definers(reader, script)
    statement = 1
    try:
        with runner.cursor() as cursor:
            cursor.execute(script)
            while True:
                statement += 1
                if not cursor.nextset():
                    return
    except pymysql.err.MySQLError as error:
        raise cannot_run(file, statement, error, _tables(reader), lacking) from error


def _tables(reader: Connection) -> list[str]:
    return table_names(reader, str(value(reader, "SELECT DATABASE()")))


def _key(
    installation: MysqlInstallation,
    like: Likeness,
    chain: Sequence[MigrationFile],
    begin_with: Blueprint | None,
) -> str:
    # Databases that differ in name only share a replay, unless a script knows the name.
    name = like.database.lower()
    named = name if begin_with or any(name.encode() in file.content.lower() for file in chain) else ""
    start = begin_with.digest if begin_with else ""
    digest = hashlib.sha256(f"{_FORMAT}\n{installation.version}\n{like.digest}\n{named}\n{start}".encode())
    for file in chain:
        for part in (file.name.encode("utf-8", "surrogateescape"), file.content):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _load(path: Path) -> Schema | None:
    try:
        stored = json.loads(path.read_bytes())
        schema = Schema.from_dict(stored["schema"])
        if schema.digest == stored["digest"]:
            return schema
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, AttributeError, TypeError):
        pass  # damaged, as below
    path.unlink(missing_ok=True)  # it can be made again
    return None


def _store(path: Path, schema: Schema) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps({"digest": schema.digest, "schema": schema.as_dict()}, ensure_ascii=False)
    write_durably(path, text.encode())
