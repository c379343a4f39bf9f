"""Where Prisma would read the address of the database: which variable, and which `.env` files."""

from __future__ import annotations

import re
from pathlib import Path

from resources.errors import MigrationsFolderError
from resources.prisma.find_folder import config_of, find_migrations, find_schema
from resources.prisma.schema_files import schema_beside, schema_files

_DATASOURCE = re.compile(r"^\s*datasource\s+\w+\s*\{(.*?)^\s*\}", re.DOTALL | re.MULTILINE)
_URL = re.compile(r"""^\s*url\s*=\s*env\(\s*["'](\w+)["']\s*\)""", re.MULTILINE)
_CONFIG_URL = re.compile(
    r"""\burl\s*:\s*(?:env(?:<\w+>)?\(\s*["'](\w+)["']\s*\)|process\.env(?:\.(\w+)|\[\s*["'](\w+)["']\s*\]))"""
)
_MADE_URL = re.compile(r"""\burl\s*:\s*[^\s"']""")
_LINE_COMMENT = re.compile(r"//[^\n]*")
DEFAULT = "DATABASE_URL"


def url_variable(project: Path) -> str:
    """The variable that the datasource of the schema (Prisma 7: of prisma.config.*) names.

    DATABASE_URL where none is named, or only in a way that takes running the code.
    """
    if found := _CONFIG_URL.search(config_of(project)):
        return found[1] or found[2] or found[3]
    migrations = find_migrations(project)
    place = find_schema(project) or schema_beside(migrations)
    try:
        files = schema_files(migrations, place) if place and place.exists() else []
    except MigrationsFolderError:
        return DEFAULT  # whoever needs the schema itself says what is wrong with it
    for _, content in files:
        text = _LINE_COMMENT.sub("", content)
        if (source := _DATASOURCE.search(text)) and (found := _URL.search(source[1])):
            return found[1]
    return DEFAULT


def is_made_in_code(project: Path) -> bool:
    """prisma.config.* puts the address together, of several variables say; no code of it is run."""
    text = config_of(project)
    return bool(_MADE_URL.search(text)) and not _CONFIG_URL.search(text)


def env_files(project: Path) -> list[Path]:
    """The `.env` files that Prisma reads, those that are there: the project's, then the schema's own.

    Of a variable that stands in both Prisma refuses to choose; here the project's counts.
    """
    places = dict.fromkeys([project, find_migrations(project).parent])
    return [place / ".env" for place in places if (place / ".env").is_file()]
