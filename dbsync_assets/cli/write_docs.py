"""`python -m dbsync_assets.cli.write_docs`: writes the generated pages of docs/."""

from __future__ import annotations

from dbsync_assets.cli.command_reference import command_page
from dbsync_assets.cli.monitoring_reference import monitoring_page
from dbsync_assets.cli.reference import exit_codes, settings_page
from resources.settings import CHECKOUT

PAGES = {
    "exit-codes.md": exit_codes,
    "settings.md": settings_page,
    "command.md": command_page,
    "monitoring.md": monitoring_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (CHECKOUT / "docs" / name).write_text(page(), encoding="utf-8")
