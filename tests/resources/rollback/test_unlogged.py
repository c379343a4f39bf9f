"""A migration that switches the binary log off is undone all the same."""

from __future__ import annotations

import pytest

from resources.errors import RollbackRefusedError
from resources.mysql.connection import value

pytestmark = pytest.mark.slow


def test_changes_past_the_binary_log_are_found_by_reading_every_table(shop, target, world, release):
    folder = target.migrations / "1_bad"
    folder.mkdir()
    (folder / "migration.sql").write_text("SET SESSION SQL_LOG_BIN=0;\nUPDATE parent SET name = 'x';\n")
    before = world()
    deployment = release()
    deployment.migrate("SET SESSION SQL_LOG_BIN=0", "UPDATE parent SET name = 'x'")
    with pytest.raises(RollbackRefusedError) as refused:
        deployment.undo()
    assert "migration `1_bad` sets sql_log_bin" in refused.value.why
    result = deployment.undo(accept_loss=True)
    assert result.tables == ("parent",)
    assert world() == before
    assert value(shop, f"SELECT COUNT(*) FROM `{result.aside}`.parent WHERE name = 'x'") == 2
