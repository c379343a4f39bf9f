"""npm scripts are added to a package.json without changing anything else of it."""

from __future__ import annotations

import json

import pytest

from resources.adoption.package_scripts import SCRIPTS, package_scripts
from resources.errors import SettingsError


@pytest.mark.parametrize("indent", [2, 4, "\t"])
@pytest.mark.parametrize("end", ["\n", ""])
def test_only_lines_are_added(tmp_path, indent, end):
    package = {"name": "shöp", "scripts": {"build": "next build"}, "dependencies": {"next": "14.0.0"}}
    before = json.dumps(package, indent=indent, ensure_ascii=False) + end
    (tmp_path / "package.json").write_text(before)
    proposal = package_scripts(tmp_path)
    assert proposal
    proposal.write()
    after = (tmp_path / "package.json").read_text()
    assert json.loads(after)["scripts"] == {"build": "next build", **SCRIPTS}
    gone = [line for line in before.splitlines() if line not in after.splitlines()]
    assert [line.strip() for line in gone] == ['"build": "next build"']  # it has a comma now
    assert after.endswith("\n") == (end == "\n")


def test_a_script_of_that_name_stays_and_a_second_time_nothing_changes(tmp_path):
    (tmp_path / "package.json").write_text('{\n  "scripts": {\n    "db:backup": "mine"\n  }\n}\n')
    proposal = package_scripts(tmp_path)
    assert proposal
    proposal.write()
    assert json.loads((tmp_path / "package.json").read_text())["scripts"]["db:backup"] == "mine"
    again = package_scripts(tmp_path)
    assert again and not again.changes


@pytest.mark.parametrize("text", ["[]", "{", '{"scripts": []}'])
def test_what_is_no_package_is_named_and_left(tmp_path, text):
    (tmp_path / "package.json").write_text(text)
    with pytest.raises(SettingsError) as raised:
        package_scripts(tmp_path)
    assert raised.value.where == str(tmp_path / "package.json")
    assert (tmp_path / "package.json").read_text() == text
