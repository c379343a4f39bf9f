"""Text of others is text: in the log of a step, on its page, in a code-scanning alert."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbsync_assets.cli.outcome import Outcome
from dbsync_assets.github import files, sarif
from dbsync_assets.github.commands import annotation, inert_line, stop_commands
from dbsync_assets.github.markdown import code
from dbsync_assets.github.places import places, repository_of
from dbsync_assets.github.summary import summary
from dbsync_assets.github.tell import tell
from resources.redact import remember
from resources.settings_work import Runner

EVIL = (
    "::error::x\n::add-mask::a\n##[command]x\r\n<script>alert(1)</script> [a](http://evil) ![i](x) "
    "@octocat #1 | ` \x1b[31mred \u202e %0A::set-output"
)
ERROR = {
    "code": "migration-failed",
    "exit_code": 40,
    "what": f"migration `{EVIL}` failed",
    "where": "prisma/migrations/1_a:b,c%/migration.sql:5",
    "why": EVIL,
    "hint": f"dbsync status {EVIL}",
}


@pytest.mark.parametrize("line", ["::error::x", "  \t::add-mask::x", "\r::stop-commands::x", "a ##[error]x"])
def test_a_line_of_output_holds_no_command(line):
    shown = inert_line(line)
    assert not shown.lstrip().startswith("::") and "##[" not in shown
    # Within a JSON document it still means what it meant.
    if "\r" not in line and "\t" not in line:
        assert json.loads(f'"{shown}"') == line


def test_an_annotation_is_one_line_whose_place_and_text_cannot_break_out():
    line = annotation("error", EVIL, title="a,b::c", file="x:y,z.sql", line=3)
    assert line.startswith("::error file=x%3Ay%2Cz.sql,line=3,title=a%2Cb%3A%3Ac::")
    assert "\n" not in line and "\r" not in line and "\x1b" not in line
    assert "%250A" in line, "a per cent sign of the text is none of the runner's escapes"


def test_the_lines_that_stop_commands_cannot_be_guessed():
    (begin, end), (other, _) = stop_commands(), stop_commands()
    assert begin != other and end == f"::{begin.rpartition('::')[2]}::"


def test_on_a_page_every_character_with_a_meaning_is_a_reference():
    shown = code(EVIL)
    inside = shown.removeprefix("<code>").removesuffix("</code>")
    assert "\n" not in shown and not set(inside.replace("&#", "").replace(";", "")) & set("<>[]()|`*_!@:#\\/")


@pytest.fixture
def runner(tmp_path) -> Runner:
    return Runner(tmp_path / "output", tmp_path / "env", tmp_path / "summary", tmp_path, "r/1/1")


def test_what_a_runner_is_told_of_a_failed_deployment(runner, tmp_path):
    remember("hunter2222")
    ended = Outcome(
        result={
            "deployment": "d1",
            "outcome": "rolled_back",
            "commit": {"id": "a" * 40, "subject": EVIL},
            "migration": {"applied_migrations": []},
            "rollback": {"tables": [EVIL]},
            "timings": {"apply": 1.25},
        },
        error=ERROR | {"why": f"{EVIL} hunter2222"},
        project=tmp_path,
        target="shop@h:1",
        work="w1",
    )
    lines = tell(runner, "deploy", 40, ended)
    assert len(lines) == 1
    assert lines[0].startswith("::error file=prisma/migrations/1_a%3Ab%2Cc%25/migration.sql,line=5,")
    page = (tmp_path / "summary").read_text()
    assert "❌" in page and "exit code 40" in page and "1.2" in page
    for text in ("<script", "](http", "\x1b", "@octocat", "hunter2222", "\n::"):
        assert text not in page
    for text in ("\n", "\x1b", "hunter2222", "%0A::", "##["):
        assert text not in lines[0]
    assert all(line.startswith(("|", "###")) or not line for line in page.splitlines())
    told = (tmp_path / "output").read_text()
    assert "exit-code" in told and "rolled_back" in told
    assert (tmp_path / "env").read_text().splitlines()[1] == "d1"


def test_no_value_ends_its_own_output(tmp_path):
    file = tmp_path / "output"
    files.set_values(file, {"a": "1\nEOF\nadmin=true", "b": True})
    lines = file.read_text().splitlines()
    assert lines[1] == "1 EOF admin=true" and lines[4] == "true"
    assert lines[0].partition("<<")[2] == lines[2] != lines[3].partition("<<")[2] == lines[5]


FINDING = {"blocking": True, "accepted": False, "kind": "edited", "what": EVIL, "hint": "git log"}


def test_a_finding_stands_at_its_script_and_a_foreign_folder_is_not_pointed_at(tmp_path):
    result = {
        "findings": [
            {**FINDING, "migration": "1_a"},
            {**FINDING, "migration": "../../../etc"},
            {
                **FINDING,
                "migration": "2_b",
                "accepted": True,
                "kind": "does_not_replay",
                "what": "x stops at a b/migration.sql:7, y",
            },
        ]
    }
    found = places(
        result, None, migrations=tmp_path / "prisma" / "migrations", project=tmp_path, root=tmp_path
    )
    assert [(one.level, one.file, one.line) for one in found] == [
        ("error", "prisma/migrations/1_a/migration.sql", 1),
        ("error", None, 1),
        ("warning", "prisma/migrations/2_b/migration.sql", 7),
    ]


def test_a_file_is_named_as_in_its_repository_wherever_that_is_checked_out(runner, tmp_path):
    app = tmp_path / "app" / "apps" / "shop"
    app.mkdir(parents=True)
    assert repository_of(app, tmp_path) == tmp_path, "no checkout: the workspace"
    (tmp_path / "app" / ".git").mkdir()
    assert repository_of(app, tmp_path) == repository_of(app, None) == tmp_path / "app"
    assert repository_of(app, app.parent) == app.parent, "not above the workspace"
    (line,) = tell(runner, "check", 40, Outcome(error=ERROR | {"where": "p/migration.sql:5"}, project=app))
    assert line.startswith("::error file=apps/shop/p/migration.sql,line=5,")


def test_a_page_of_nothing_but_an_error_is_made_too():
    page = summary("check", 3, None, {"code": "settings", "what": "DATABASE_URL"}, target="", work="")
    assert any("settings" in line for line in page)


def test_sarif_points_into_the_repository_and_its_text_links_nowhere(tmp_path):
    found = places(
        None, ERROR | {"where": "a b/migration.sql:5"}, migrations=None, project=tmp_path, root=tmp_path
    )
    sarif.write(tmp_path / "x.sarif", found)
    written = json.loads(Path(tmp_path / "x.sarif").read_text())
    (run,) = written["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/migration.sql" and place["region"] == {"startLine": 5}
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "migration-failed"
    assert "\\[a\\](http" in result["message"]["text"] and "\x1b" not in json.dumps(written)
