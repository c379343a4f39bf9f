"""What can be known before any work: whether every pending script can be sent at all."""

from __future__ import annotations

from collections.abc import Sequence

from resources.errors import MigrationsFolderError
from resources.mysql.connection import Connection, value
from resources.prisma.checksum import script_bytes
from resources.prisma.folder import MigrationFile
from resources.redact import inert


def require_sendable(connection: Connection, files: Sequence[MigrationFile]) -> None:
    """Raises MigrationsFolderError for a missing (Prisma P3015), undecodable or too large script.

    Prisma finds these when a migration's turn comes, with the earlier ones applied.
    """
    packet = int(value(connection, "SELECT @@max_allowed_packet"))
    for file in files:
        if file.missing:
            raise MigrationsFolderError(
                "Could not find the migration file at migration.sql. Please delete the directory or restore "
                "the migration file. (Prisma P3015)",
                where=inert(str(file.path)),
                hint=f"restore it, or remove the directory {inert(file.name)}",
            )
        _require_utf8(file)
        size = len(script_bytes(file.content)) + 1
        if size >= packet:
            raise MigrationsFolderError(
                "a migration script is larger than the server accepts in one packet",
                where=inert(str(file.path)),
                why=f"{size:,} bytes; max_allowed_packet is {packet:,}",
                hint=f"SET GLOBAL max_allowed_packet = {max(2 * size, 2**24)}, or split the migration",
            )


def _require_utf8(file: MigrationFile) -> None:
    """Invalid bytes are harmless in whole-line comments; elsewhere Prisma stores U+FFFD in their place."""
    try:
        file.content.decode()
        return
    except UnicodeDecodeError:
        pass
    for number, line in enumerate(file.content.split(b"\n"), 1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            if line.lstrip().startswith((b"--", b"#")):
                continue
            utf16 = file.content[:2] in (b"\xff\xfe", b"\xfe\xff")
            raise MigrationsFolderError(
                "a migration script is not UTF-8",
                where=f"{inert(str(file.path))}:{number}",
                why="it is UTF-16, as a PowerShell redirection writes it"
                if utf16
                else f"byte 0x{line[error.start]:02x} is not valid; Prisma would put U+FFFD in its place",
                hint="save the file as UTF-8 without BOM",
            ) from error
