"""kill -9 of a rollback anywhere: the next one ends right."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from resources.errors import RollbackRefusedError
from resources.mysql.connection import execute, value
from resources.mysql.server import PrivateServer
from resources.rollback.side import leftovers
from tests.conftest import CHECKOUT
from tests.resources.rollback import killed_rollback
from tests.resources.rollback.test_rollback import BAD

pytestmark = pytest.mark.slow

BEFORE_SWAP = ["begun", "side", "loaded", "compared", "swapping", "keys dropped"]
AFTER_SWAP = ["renamed", "swapped", "objects half done", "equal"]


@pytest.fixture
def far(shop, target):
    """Another database whose key points into the shop."""
    from resources.prisma.history import CREATE_TABLE

    execute(shop, CREATE_TABLE)
    other = f"{target.database}__other"
    execute(shop, f"CREATE DATABASE `{other}`")
    execute(
        shop,
        f"CREATE TABLE `{other}`.ref (id INT, CONSTRAINT far FOREIGN KEY (id)"
        f" REFERENCES `{target.database}`.item (id))",
    )
    yield f"`{other}`.ref"
    execute(shop, f"DROP DATABASE `{other}`")


@pytest.fixture
def kill_at(target, server):
    """Run the rollback in a process of its own that is killed at `place`."""

    def run(release, place: str) -> None:
        given = {
            "place": place,
            "port": server.port,
            "password": target.endpoint.password,
            "database": target.database,
            "storage": str(target.storage),
            "state": str(target.state),
            "tools": str(target.tools),
            "migrations": str(target.migrations),
            "source": str(release.source.folder),
            "deployment": release.id,
        }
        done = subprocess.run(
            [sys.executable, "-m", killed_rollback.__name__],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            timeout=120,
            check=False,
        )
        assert done.returncode == -9, done.stderr
        # The private server went on without its dbsync, as after a real kill.
        source = PrivateServer.on_datadir(release.source.installation, release.source.folder)
        source.kill()
        source.start(skip_grants=True)
        release.source = source

    return run


@pytest.mark.parametrize("place", [*BEFORE_SWAP, *AFTER_SWAP])
def test_the_next_rollback_ends_in_the_state_before(
    shop, target, journal, world, release, far, kill_at, place
):
    before, key = world(), _text(shop, far)
    deployment = release()
    deployment.migrate(*BAD)
    damaged = world()
    kill_at(deployment, place)
    assert not journal.get(deployment.id).is_final
    if place in BEFORE_SWAP[:-1]:
        assert world() == damaged, "nothing of the database was touched yet"
    try:
        deployment.undo()
    finally:
        deployment.source.kill()
    assert world() == before
    assert _text(shop, far) == key
    assert leftovers(shop, target.database) == []
    assert journal.get(deployment.id).phase == "rolled_back"


def test_rows_written_after_the_swap_of_a_killed_rollback_stay(shop, target, world, release, far, kill_at):
    deployment = release()
    deployment.migrate(*BAD)
    kill_at(deployment, "swapped")
    execute(shop, "INSERT INTO item (parent_id, hidden) VALUES (500, 'new')")
    try:
        deployment.undo()
    finally:
        deployment.source.kill()
    assert value(shop, "SELECT COUNT(*) FROM item WHERE hidden LIKE '%%new'") == 1
    assert leftovers(shop, target.database) == []


def test_keys_and_triggers_that_a_killed_rollback_took_off_are_on_again_though_the_next_one_refuses(
    shop, world, release, far, kill_at
):
    key = _text(shop, far)
    deployment = release()
    deployment.migrate(*BAD, "CREATE TRIGGER item_third AFTER INSERT ON item FOR EACH ROW SET @x = 1")
    damaged = world()
    kill_at(deployment, "keys dropped")
    assert world() != damaged
    execute(shop, "UPDATE item SET hidden = hidden, kind = 'b'")
    try:
        with pytest.raises(RollbackRefusedError, match="would lose") as refused:
            deployment.undo()
    finally:
        deployment.source.kill()
    assert refused.value.why == "`item`: 2 updated"
    assert world().schema == damaged.schema
    assert _text(shop, far) == key


def test_rows_written_before_the_swap_of_a_killed_rollback_stop_it(shop, target, release, far, kill_at):
    deployment = release()
    deployment.migrate(*BAD)
    kill_at(deployment, "compared")
    execute(shop, "INSERT INTO item (parent_id) VALUES (500)")
    try:
        with pytest.raises(RollbackRefusedError, match="would lose"):
            deployment.undo()
    finally:
        deployment.source.kill()
    assert value(shop, "SELECT COUNT(*) FROM item") == 3


def _text(connection, table: str) -> str:
    from resources.mysql.connection import rows

    return rows(connection, f"SHOW CREATE TABLE {table}")[0][1]
