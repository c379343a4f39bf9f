"""Login files of the account that runs dbsync do not take the place of the target's login."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import BAD

pytestmark = pytest.mark.slow
STRANGER = '[client]\nuser="stranger"\npassword="wrong"\nhost="127.0.0.2"\n'


def test_a_rollback_reads_the_binary_log_beside_a_my_cnf_of_somebody_else(project):
    (project.folder / ".my.cnf").write_text(STRANGER)  # HOME is the project's folder
    before = project.world()
    project.add_migration(*BAD)
    code, evidence = project.report("deploy")
    assert (code, evidence["outcome"]) == (40, "rolled_back")
    assert project.world() == before
