"""What programs that dbsync starts are given: seen in the environment of a real child."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from resources.child_environment import child_environment, mysql_environment, no_secrets
from resources.settings import CHECKOUT

SECRETS = {
    "DATABASE_URL": "mysql://root:root@h/d",
    "NOTIFICATION_WEBHOOK": "https://hooks.example/T0K3N",
    "GITHUB_TOKEN": "ghs_1",
    "MYSQL_PWD": "root",
    "https_proxy": "http://me:pw@proxy.example:3128",
}


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_TIME", "HTTPS_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, text in {**SECRETS, "HOME": "/root", "LC_ALL": "C.UTF-8", "TMPDIR": "/root/tmp"}.items():
        monkeypatch.setenv(name, text)


def _seen_by_a_child(environment: dict[str, str]) -> dict[str, str]:
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_a_child_gets_path_home_language_and_temporary_folder_and_no_secret():
    seen = _seen_by_a_child(child_environment(TZ="UTC"))
    assert seen["HOME"] == "/root", "that a password occurs in it is no reason to leave it out"
    assert (seen["LC_ALL"], seen["TMPDIR"], seen["TZ"]) == ("C.UTF-8", "/root/tmp", "UTC")
    assert "PATH" in seen and not SECRETS.keys() & seen.keys()


def test_only_what_downloads_gets_the_proxy_with_its_login():
    seen = _seen_by_a_child(child_environment(network=True))
    assert seen["https_proxy"] == SECRETS["https_proxy"]
    assert SECRETS.keys() & seen.keys() == {"https_proxy"}


def test_mysqls_programs_get_no_home_whose_login_files_they_would_read():
    seen = _seen_by_a_child(mysql_environment())
    assert "HOME" not in seen and seen["TMPDIR"] == "/root/tmp"


def test_a_library_that_hands_on_all_it_sees_while_imported_sees_no_secret(monkeypatch):
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "False")
    before = dict(os.environ)
    with no_secrets():
        seen = _seen_by_a_child(dict(os.environ))
    assert not SECRETS.keys() & seen.keys()
    assert (seen["HOME"], seen["GX_ANALYTICS_ENABLED"]) == ("/root", "False")
    assert dict(os.environ) == before


def _starts(tree: ast.AST) -> list[ast.Call]:
    """The calls of subprocess that start something."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "subprocess"
        and node.func.attr in ("run", "Popen", "call", "check_call", "check_output")
    ]


def test_every_place_that_starts_a_program_names_its_environment_and_takes_it_from_here():
    files = [path for room in ("resources", "dbsync_assets") for path in (CHECKOUT / room).rglob("*.py")]
    found: list[Path] = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        starts = _starts(ast.parse(text))
        for call in starts:
            named = {keyword.arg for keyword in call.keywords}
            assert "env" in named, f"{path}:{call.lineno} lets the child inherit everything"
        if starts:
            found.append(path)
            assert "from resources.child_environment import" in text, path
        assert "os.system(" not in text and "os.popen(" not in text, path
    assert len(found) > 5, "the search itself works"
