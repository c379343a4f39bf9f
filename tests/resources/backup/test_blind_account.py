"""A dump by an account that may not see everything is refused: its proof would compare blind with blind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from resources.backup.catalog import list_backups
from resources.backup.make import make_full_backup
from resources.errors import PrivilegeError
from resources.mysql.connection import execute
from resources.target import Target
from tests.resources.backup.conftest import leftovers, world

pytestmark = pytest.mark.slow

NEEDED = ("SELECT", "LOCK TABLES", "SHOW VIEW", "EVENT", "TRIGGER")


@pytest.fixture
def reader(awkward: Target, server) -> Iterator[Callable[..., Target]]:
    """The target, its account one with exactly these privileges on the database, and these everywhere."""
    name = f"u_{uuid4().hex[:10]}"
    with server.connect() as admin:
        execute(admin, f"CREATE USER '{name}'@'%' IDENTIFIED BY 'secret-pw-1'")

    def made(
        here: tuple[str, ...], everywhere: str = "PROCESS, SHOW_ROUTINE", engine: str = "auto"
    ) -> Target:
        with server.connect() as admin:
            escaped = awkward.database.replace("_", "\\_")
            execute(admin, f"GRANT {', '.join(here)} ON `{escaped}`.* TO '{name}'@'%'")
            execute(admin, f"GRANT {everywhere} ON *.* TO '{name}'@'%'")
        endpoint = replace(awkward.endpoint, user=name, password="secret-pw-1")
        return replace(awkward, endpoint=endpoint, backup_engine=engine)

    yield made
    with server.connect() as admin:
        execute(admin, f"DROP USER '{name}'@'%'")


@pytest.mark.parametrize("proof", ["archive", "none"])
@pytest.mark.parametrize("engine", ["auto", "mysqldump"])
def test_all_that_is_missing_is_named_and_the_printed_grants_make_the_backup_whole(
    reader, awkward, server, engine, proof
):
    blind = reader(("SELECT", "LOCK TABLES", "SHOW VIEW"), "PROCESS", engine)
    with pytest.raises(PrivilegeError, match="3 privileges are missing") as refused:
        make_full_backup(blind, proof=proof)
    assert "EVENT, TRIGGER on " in refused.value.why and "SHOW_ROUTINE on *.*" in refused.value.why
    assert list_backups(awkward.storage) == [] and leftovers(awkward) == []
    with server.connect() as admin:
        for grant in refused.value.hint.splitlines():
            execute(admin, grant.strip())
    manifest = make_full_backup(blind, proof=proof).manifest
    assert manifest.engine == "mysqldump"
    assert manifest.schema.as_dict() == world(awkward.endpoint, awkward.database).schema
    assert manifest.schema.triggers and manifest.schema.routines


def test_global_select_shows_routines_too(reader, awkward):
    manifest = make_full_backup(reader(NEEDED, "PROCESS, SELECT")).manifest
    assert manifest.schema.as_dict() == world(awkward.endpoint, awkward.database).schema


def test_a_clone_holds_what_its_account_may_not_see(reader, awkward):
    """Nothing beyond BACKUP_ADMIN is asked of it: triggers and routines are in the files."""
    manifest = make_full_backup(reader(("SELECT",), "PROCESS, BACKUP_ADMIN", "clone")).manifest
    assert manifest.schema.as_dict() == world(awkward.endpoint, awkward.database).schema
