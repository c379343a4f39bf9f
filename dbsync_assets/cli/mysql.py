"""`dbsync mysql get`: a MySQL for private servers, without touching the system."""

from __future__ import annotations

from pathlib import Path

import typer

from dbsync_assets.cli.context import HERE, Json, Project, folder_of, watching
from dbsync_assets.cli.output import emit_json, say
from resources.settings import load_settings

group = typer.Typer(
    help="The MySQL that private servers run on.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="mysql")


@group.callback()
def _root() -> None:
    """A callback keeps `get` a verb of its own while it is the only one."""


@group.command("get")
def get(project: Project = HERE, as_json: Json = False) -> None:
    """Find a mysqld ($MYSQLD, PATH), or unpack the distribution's into a private folder. No root needed."""
    from resources.mysql.get import get_mysql

    settings = load_settings(folder_of(Path(project)))
    assert settings.tools
    with watching():
        found = get_mysql(settings.tools, settings.mysqld)
    place = str(found.root) if found.root else found.command("mysqld")[-1]
    if as_json:
        emit_json({"ok": True, "version": found.version, "path": place})
        return
    say(f"MySQL {found.version} at {place}")
