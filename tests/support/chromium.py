"""A real Chromium without a window: unpacked from the distribution's package into the tools folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from resources.child_environment import child_environment
from tests.support.debian_package import unpacked_package

PACKAGE = "chromium-headless-shell"


@contextmanager
def chromium(tools: Path) -> Iterator[Browser]:
    root = unpacked_package(PACKAGE, tools / PACKAGE)
    # Started directly: through a loader of its own it could not start its own children.
    libraries = sorted({str(path.parent) for path in root.rglob("*.so*")})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=root / "usr" / "lib" / "chromium" / PACKAGE,
            args=["--no-sandbox"],  # it opens our own page only, and root may not use the sandbox
            env={**child_environment(LD_LIBRARY_PATH=":".join(libraries))},
        )
        try:
            yield browser
        finally:
            browser.close()
