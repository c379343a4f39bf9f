"""`python -m dbsync_assets.page.webserver`: Dagster's webserver with the reports beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dagster_webserver import cli
from starlette.applications import Starlette

from dbsync_assets.page.reports import report_folders, report_route
from resources.settings import load_settings


def main() -> None:
    """Takes Dagster's arguments; the reports are those of the project in DBSYNC_PROJECT.

    Raises SettingsError.
    """
    route = report_route(report_folders(load_settings(Path(os.environ["DBSYNC_PROJECT"]))))
    create = cli.create_app_from_workspace_process_context  # pyright: ignore[reportPrivateImportUsage]

    def with_reports(*arguments: Any, **named: Any) -> Starlette:
        app = create(*arguments, **named)
        app.router.routes.insert(0, route)  # Dagster's last one answers every address
        return app

    cli.create_app_from_workspace_process_context = with_reports  # pyright: ignore[reportPrivateImportUsage]
    cli.main()


if __name__ == "__main__":
    main()
