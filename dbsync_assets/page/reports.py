"""The reports as pages of their own beside Dagster's, to look at only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from dbsync_assets.report_links import AT
from resources.settings import Settings, storage_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(html|json)")
_TYPES = {"html": "text/html", "json": "application/json"}
_HEADERS = {
    # A report runs nothing as it is; in a sandbox it could not reach Dagster's GraphQL even if it did.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def report_folders(settings: Settings) -> dict[str, Path]:
    """What may be looked at: the name of a folder in a link, and the folder."""
    assert settings.state
    storage = storage_of(settings)
    return {
        "reports": storage / "reports",
        "releases": storage / "releases",
        "metrics": settings.state / "metrics",
    }


def report_route(folders: Mapping[str, Path]) -> Route:
    """GET of one .html or .json file that lies itself in one of `folders`; 404 for anything else."""

    async def report(request: Request) -> Response:
        folder, _, name = request.path_params["path"].partition("/")
        found = _NAME.fullmatch(name)
        path = folders[folder] / name if found and folder in folders else None
        if not found or path is None or path.is_symlink() or not path.is_file():
            return Response("There is no such report (any more).", 404, media_type="text/plain")
        return FileResponse(path, media_type=_TYPES[found[1]], headers=_HEADERS)

    return Route(f"{AT}/{{path:path}}", report, methods=["GET"])
