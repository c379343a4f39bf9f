"""The files of a Prisma schema: one, or every `.prisma` below a folder."""

from __future__ import annotations

import re
from pathlib import Path

from resources.errors import MigrationsFolderError
from resources.prisma.folder import read_regular_file
from resources.redact import inert

_LIMIT = 4 * 2**20
_SINGLE = "schema.prisma"
_DATASOURCE = re.compile(r"^[ \t]*datasource\s+\w+\s*\{([^}]*)\}", re.MULTILINE)
_MYSQL = re.compile(r'^\s*provider\s*=\s*"mysql"', re.MULTILINE)


def schema_files(migrations: Path, schema: Path | None = None) -> list[tuple[str, str]]:
    """(path, text) of each file, in name order.

    schema: the file or folder that the project's settings name; without it what lies beside the
    migrations. Raises MigrationsFolderError where there is none, or one that cannot be read.
    """
    place = schema or schema_beside(migrations)
    if place is None or not place.exists():
        raise MigrationsFolderError(
            "there is no Prisma schema here",
            where=inert(str(schema or migrations.parent)),
            why="looked for schema.prisma and for a folder of *.prisma beside the migrations",
            hint="-C FOLDER of the application, the one with prisma/schema.prisma in it",
        )
    paths = _below(place) if place.is_dir() else [place]
    found: list[tuple[str, str]] = []
    for path in paths:
        content = read_regular_file(path, _LIMIT)
        if content is not None:
            found.append((str(path), content.decode("utf-8", "replace").removeprefix("\ufeff")))
    return found


def schema_beside(migrations: Path) -> Path | None:
    """Where Prisma looks when nothing is configured: schema.prisma, then a folder `schema`.

    Other files beside schema.prisma are no part of it: several files have to be configured. Without
    one, of schemas for several databases the one for MySQL.
    """
    folder = migrations.parent
    if (folder / _SINGLE).is_file():
        return folder / _SINGLE
    found = next((one for one in (folder / "schema", folder) if any(one.glob("*.prisma"))), None)
    return _schema_for_mysql(folder) or folder if found == folder else found


def _schema_for_mysql(folder: Path) -> Path | None:
    """Of several schemas side by side, each with a datasource of its own, the only one for MySQL."""
    sources = {path: source[1] for path in folder.glob("*.prisma") if (source := _source(path))}
    ours = [path for path, source in sources.items() if _MYSQL.search(source)]
    return ours[0] if len(sources) > 1 and len(ours) == 1 else None


def _source(path: Path) -> re.Match[str] | None:
    content = read_regular_file(path, _LIMIT)
    return _DATASOURCE.search(content.decode("utf-8", "replace")) if content is not None else None


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.prisma") if "node_modules" not in path.parts)
