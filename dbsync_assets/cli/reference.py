"""`make docs`: the pages of docs/ that are generated from the code, so that they cannot lie."""

from __future__ import annotations

from typing import Any

from resources.errors import INTERRUPTED_EXIT_CODE, all_errors
from resources.settings import Settings


def exit_codes() -> str:
    lines = [
        "# Exit codes",
        "",
        "Generated from `resources/errors.py` by `make docs`. A code, once given, keeps its meaning.",
        "",
        "| exit code | name | meaning |",
        "|---|---|---|",
        "| 0 | ok | done; for `deploy`: every migration is applied and every gate passed |",
    ]
    lines += [f"| {error.exit_code} | {error.code} | {error.meaning} |" for error in all_errors()]
    lines += [
        f"| {INTERRUPTED_EXIT_CODE} | interrupted | stopped by a signal, after undoing what had begun |",
        "",
    ]
    return "\n".join(lines)


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Generated from `resources/settings.py` by `make docs`. Read from the environment, then from `.env`",
        "in the project's folder. Times are seconds, or written `500ms`, `30s`, `10m`, `2h`, `7d`. Paths may",
        "begin with `~`; relative ones mean the project's folder.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    own = Settings.__annotations__  # those that it mixes in come behind
    for _, field in sorted(Settings.model_fields.items(), key=lambda item: item[0] not in own):
        default: Any = field.default
        shown = "" if default is None or not str(default) else f"`{str(default).lower()}`"
        lines.append(f"| `{field.alias}` | {shown} | {field.description} |")
    lines += [
        "",
        "Two more variables are no settings of a project: `DBSYNC_PROJECT` tells runs that the Dagster",
        "UI starts which folder they work on (`dbsync ui` sets it), and `DBSYNC_DEBUG=1` shows the",
        "traceback of an unforeseen error.",
    ]
    return "\n".join([*lines, ""])
