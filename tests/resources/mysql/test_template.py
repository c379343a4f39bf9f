from __future__ import annotations

import subprocess
import sys

import pytest

from resources.errors import EnvironmentCheckError
from resources.mysql.installation import MysqlInstallation
from resources.mysql.template import copy_template, template_folder

MAKE = """
import dataclasses, sys
from pathlib import Path
from resources.mysql.get import get_mysql
from resources.mysql.template import template_folder
found = dataclasses.replace(get_mysql(Path(sys.argv[1])), tools=Path(sys.argv[2]))
print(template_folder(found, {}))
"""


def test_a_template_is_made_once_and_has_no_server_uuid(installation, tmp_path):
    template = template_folder(installation, {})
    made_at = (template / "ibdata1").stat().st_mtime_ns
    assert template_folder(installation, {}) == template
    assert (template / "ibdata1").stat().st_mtime_ns == made_at
    assert not (template / "auto.cnf").exists()
    copy_template(template, tmp_path / "data")
    assert (tmp_path / "data" / "mysql.ibd").read_bytes() == (template / "mysql.ibd").read_bytes()


def test_a_template_that_cannot_be_made_leaves_nothing_behind(installation, tmp_path):
    elsewhere = MysqlInstallation(
        installation.root, installation.version, installation.programs, tmp_path, installation.loader
    )
    with pytest.raises(EnvironmentCheckError) as caught:
        template_folder(elsewhere, {"innodb_page_size": "12345"})
    assert "innodb" in caught.value.why.lower()
    assert list((tmp_path / "templates").iterdir()) == []


def test_a_data_folder_that_is_there_already_is_not_overwritten(installation, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows").write_text("precious")
    with pytest.raises(FileExistsError):
        copy_template(template_folder(installation, {}), tmp_path / "data")
    assert (tmp_path / "data" / "rows").read_text() == "precious"


@pytest.mark.slow
def test_two_processes_making_the_same_template_both_get_it(tools, installation, tmp_path):
    both = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, str(tools), str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers = [process.communicate()[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0] == answers[1]
    assert [path.name for path in (tmp_path / "templates").iterdir()] == [answers[0].rpartition("/")[2]]
