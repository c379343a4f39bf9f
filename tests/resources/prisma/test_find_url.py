"""The address of the database is read from where Prisma would read it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from resources.prisma.find_url import is_made_in_code, url_variable
from resources.settings import CHECKOUT, load_settings, target_of

URL = "mysql://u:p%40ss@db.example:3307/shop"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in ("DATABASE_URL", "MYSQL_URL"):
        monkeypatch.delenv(name, raising=False)


def schema(project, url='env("MYSQL_URL")', name="schema.prisma"):
    (project / "prisma").mkdir(exist_ok=True)
    (project / "prisma" / name).write_text(
        f'generator client {{\n  provider = "x"\n  url = env("NOT_THIS")\n}}\n'
        f'datasource db {{\n  provider = "mysql"\n  // url = env("OLD_URL")\n  url = {url}\n}}\n'
    )


def test_the_variable_is_the_one_that_the_datasource_names(tmp_path):
    schema(tmp_path)
    assert url_variable(tmp_path) == "MYSQL_URL"


def test_an_address_written_out_names_no_variable(tmp_path):
    schema(tmp_path, url='"mysql://root@localhost/x"')
    assert url_variable(tmp_path) == "DATABASE_URL"


@pytest.mark.parametrize(
    "text",
    [
        'url: env("SHOP_URL")',
        "url: env<Env>('SHOP_URL')",
        "url: process.env.SHOP_URL",
        "url: process.env['SHOP_URL'] ?? 'mysql://root@127.0.0.1/x'",
    ],
)
def test_of_prisma_7_it_is_the_one_in_the_configuration(tmp_path, text):
    (tmp_path / "prisma.config.ts").write_text(f"export default {{ datasource: {{ {text} }} }}\n")
    assert url_variable(tmp_path) == "SHOP_URL"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("url: `mysql://${env('DB_USER')}:${env('DB_PASSWORD')}@${env('DB_HOST')}/shop`", True),
        ("url: resolveUrl()", True),
        ("url: env('SHOP_URL')", False),
        ("// url: resolveUrl()", False),
    ],
)
def test_an_address_put_together_in_code_is_known_to_be_so(tmp_path, text, made):
    (tmp_path / "prisma.config.ts").write_text(f"export default {{ datasource: {{\n {text}\n }} }}\n")
    assert is_made_in_code(tmp_path) is made


@pytest.mark.parametrize("place", [".env", "prisma/.env"])
def test_it_is_read_from_either_env_file(tmp_path, place):
    schema(tmp_path)
    (tmp_path / place).write_text(f'MYSQL_URL="{URL}"\n')
    target = target_of(load_settings(tmp_path))
    assert (target.endpoint.host, target.endpoint.password, target.database) == ("db.example", "p@ss", "shop")


def test_of_two_env_files_the_project_s_counts(tmp_path):
    schema(tmp_path, url='env("DATABASE_URL")')
    (tmp_path / ".env").write_text(f"DATABASE_URL={URL}\n")
    (tmp_path / "prisma" / ".env").write_text("DATABASE_URL=mysql://u@elsewhere/other\n")
    assert target_of(load_settings(tmp_path)).database == "shop"


def test_database_url_counts_before_the_other_name(tmp_path, monkeypatch):
    schema(tmp_path)
    monkeypatch.setenv("MYSQL_URL", "mysql://u@elsewhere/other")
    monkeypatch.setenv("DATABASE_URL", URL)
    assert target_of(load_settings(tmp_path)).database == "shop"


def test_it_leaves_the_environment_with_the_other_secrets_and_is_still_known(tmp_path):
    schema(tmp_path)
    script = (
        "import os; from resources.settings import *; target_of(load_settings()); drop_secrets();"
        "assert 'MYSQL_URL' not in os.environ; print(target_of(load_settings()).database)"
    )
    environment = {"MYSQL_URL": URL, "PYTHONPATH": str(CHECKOUT), "PATH": os.environ["PATH"]}
    told = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "shop\n"
