"""npm scripts are added to a package.json without changing anything else of it."""

from __future__ import annotations

import json
import subprocess

import pytest

from resources.adoption.package_scripts import kept_scripts, package_scripts
from resources.errors import SettingsError
from resources.settings import CHECKOUT

DEFINITIONS = CHECKOUT / "npm" / "lib" / "scripts.json"
SCRIPTS = json.loads(DEFINITIONS.read_text())


@pytest.mark.parametrize("indent", [2, 4, "\t"])
@pytest.mark.parametrize("end", ["\n", ""])
def test_only_lines_are_added(tmp_path, indent, end):
    package = {"name": "shöp", "scripts": {"build": "next build"}, "dependencies": {"next": "14.0.0"}}
    before = json.dumps(package, indent=indent, ensure_ascii=False) + end
    (tmp_path / "package.json").write_text(before)
    proposal = package_scripts(tmp_path, DEFINITIONS)
    assert proposal
    proposal.write()
    after = (tmp_path / "package.json").read_text()
    assert json.loads(after)["scripts"] == {"build": "next build", **SCRIPTS}
    gone = [line for line in before.splitlines() if line not in after.splitlines()]
    assert [line.strip() for line in gone] == ['"build": "next build"']  # it has a comma now
    assert after.endswith("\n") == (end == "\n")


def test_a_script_of_that_name_stays_and_a_second_time_nothing_changes(tmp_path):
    (tmp_path / "package.json").write_text('{\n  "scripts": {\n    "db:backup": "mine"\n  }\n}\n')
    proposal = package_scripts(tmp_path, DEFINITIONS)
    assert proposal
    proposal.write()
    assert json.loads((tmp_path / "package.json").read_text())["scripts"]["db:backup"] == "mine"
    again = package_scripts(tmp_path, DEFINITIONS)
    assert again and not again.changes
    assert kept_scripts(tmp_path, DEFINITIONS) == ['db:backup stays as it is: "mine"']


def test_of_scripts_that_are_dbsync_s_or_not_there_nothing_is_said(tmp_path):
    assert kept_scripts(tmp_path, DEFINITIONS) == []
    (tmp_path / "package.json").write_text(json.dumps({"scripts": {**SCRIPTS, "build": "x"}}))
    assert kept_scripts(tmp_path, DEFINITIONS) == []


@pytest.mark.parametrize("text", ["[]", "{", '{"scripts": []}'])
def test_what_is_no_package_is_named_and_left(tmp_path, text):
    (tmp_path / "package.json").write_text(text)
    with pytest.raises(SettingsError) as raised:
        package_scripts(tmp_path, DEFINITIONS)
    assert raised.value.where == str(tmp_path / "package.json")
    assert (tmp_path / "package.json").read_text() == text


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "files": ["dist", "bin"],\n  "scripts": {"build": "x { \\" }"},\n'
        '  "engines": {"node": ">=20"}\n}\n',
        '{\r\n  "scripts": {},\r\n  "x": {"scripts": {"db:backup": "y"}}\r\n}\r\n',
        '\ufeff{\n\t"name": "caf\\u00e9"\n}\n',
        "{}",
        '{"name":"a","scripts":{"build":"x"}}\n',
    ],
)
def test_every_other_character_stays_and_both_writers_write_the_same(tmp_path, text):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "package.json").write_bytes(text.encode())
    proposal = package_scripts(ours, DEFINITIONS)
    assert proposal
    proposal.write()
    subprocess.run(
        ["node", str(CHECKOUT / "npm" / "bin" / "dbsync-prisma.js"), "init", "--yes"],
        cwd=theirs,
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert (ours / "package.json").read_bytes() == (theirs / "package.json").read_bytes()
    written = (ours / "package.json").read_bytes().decode()
    was, now = (json.loads(one.removeprefix("\ufeff")) for one in (text, written))
    assert now["scripts"] == {**was.get("scripts", {}), **SCRIPTS}
    kept = [part for part in ('["dist", "bin"]', '{"node": ">=20"}', "\\u00e9", "\ufeff") if part in text]
    assert all(part in written for part in kept)
