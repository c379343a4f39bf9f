"""Binary logs that the server has removed: needed only where they are not stored."""

from __future__ import annotations

import time

import pytest

from resources.backup.incremental.make import make_incremental_backup
from resources.backup.make import make_full_backup
from resources.backup.moment.moment import parse_moment
from resources.errors import MomentError
from resources.mysql.connection import execute, rows
from tests.resources.backup.conftest import world
from tests.resources.backup.incremental.conftest import DATABASE
from tests.resources.backup.moment.conftest import down

pytestmark = pytest.mark.slow


def test_purged_logs_beyond_the_increments_are_refused_those_within_are_not_needed(
    shop, sql, write, remember, open_at, plan
):
    write("a")
    first = make_incremental_backup(shop)
    write("b")
    within = remember()
    time.sleep(0.01)  # a manifest tells milliseconds
    second = make_incremental_backup(shop)
    write("c")
    execute(sql, "FLUSH BINARY LOGS")
    lost = remember()
    write("d")
    execute(sql, f"PURGE BINARY LOGS TO '{rows(sql, 'SHOW BINARY LOGS')[-1][0]}'")
    opened = open_at(parse_moment(within.time), first.id)
    assert world(opened.server.endpoint, DATABASE) == within.world
    assert opened.plan.sources[-1] == second.id
    with pytest.raises(MomentError) as error:
        plan(parse_moment(lost.time))
    assert "has removed binary logs" in error.value.why


def test_between_the_last_increment_and_the_next_full_backup_the_next_chain_s_files_serve(
    shop, sql, write, remember, open_at
):
    first_full = make_full_backup(shop).manifest
    make_incremental_backup(shop)
    write("between")
    between = remember()
    write("still between")
    make_full_backup(shop)
    write("after")
    next_increment = make_incremental_backup(shop)
    execute(sql, f"PURGE BINARY LOGS TO '{rows(sql, 'SHOW BINARY LOGS')[-1][0]}'")
    opened = open_at(parse_moment(between.time), target=down(shop))
    assert world(opened.server.endpoint, DATABASE) == between.world
    assert (opened.plan.base.id, opened.plan.sources[-1]) == (first_full.id, next_increment.id)
