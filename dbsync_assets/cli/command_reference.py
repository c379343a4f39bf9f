"""docs/command.md: every verb's --help, as it is."""

from __future__ import annotations

from typing import Any

import typer

from dbsync_assets.cli.app import command


def command_page() -> str:
    lines = ["# The command", "", "Generated from `dbsync --help` by `make docs`.", ""]
    _add(lines, command(), "dbsync", None)
    return "\n".join(lines)


def _add(lines: list[str], verb: Any, name: str, parent: Any) -> None:
    context = typer.Context(verb, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    lines += [f"## {context.command_path}", "", "```", verb.get_help(context).strip(), "```", ""]
    for child in getattr(verb, "commands", {}).values():
        _add(lines, child, child.name, context)
