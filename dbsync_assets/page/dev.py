"""`python -m dbsync_assets.page.dev`: `dagster dev` whose webserver is ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dagster._cli import dev

_THEIRS, _OURS = "dagster_webserver", "dbsync_assets.page.webserver"


def main() -> None:
    start = dev.open_ipc_subprocess  # pyright: ignore[reportPrivateImportUsage]

    # `dagster dev` has no option for it: it starts its webserver by this name.
    def with_reports(parts: Sequence[str], **named: Any) -> Any:
        return start([_OURS if part == _THEIRS else part for part in parts], **named)

    dev.open_ipc_subprocess = with_reports  # pyright: ignore[reportPrivateImportUsage]
    dev.dev_command(prog_name="dagster dev")


if __name__ == "__main__":
    main()
