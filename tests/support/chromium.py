"""A real Chromium without a window: unpacked from the distribution's package into the tools folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

import psutil
from playwright.sync_api import Browser, Page, Request, sync_playwright

from resources.child_environment import child_environment
from tests.support.debian_package import unpacked_package

PACKAGE = "chromium-headless-shell"
_CLOSES_WITHIN = 60.0
"""Seconds; a browser that is not gone by then is killed: closing it has no time-out of its own."""


@contextmanager
def chromium(tools: Path) -> Iterator[Browser]:
    root = unpacked_package(PACKAGE, tools / PACKAGE)
    # Started directly: through a loader of its own it could not start its own children.
    libraries = sorted({str(path.parent) for path in root.rglob("*.so*")})
    ours = psutil.Process()
    before = ours.children()
    with sync_playwright() as playwright:
        (driver,) = [one for one in ours.children() if one not in before]
        browser = playwright.chromium.launch(
            executable_path=root / "usr" / "lib" / "chromium" / PACKAGE,
            args=["--no-sandbox"],  # it opens our own page only, and root may not use the sandbox
            env={**child_environment(LD_LIBRARY_PATH=":".join(libraries))},
        )
        try:
            yield browser
        finally:
            window = [one for one in driver.children(recursive=True) if _is_below(one, root)]
            with (
                _killed_when_late(window, _CLOSES_WITHIN),
                _killed_when_late([driver], 1.5 * _CLOSES_WITHIN),  # which is an error
            ):
                for page in [page for context in browser.contexts for page in context.pages]:
                    page.close()
                browser.close()


@contextmanager
def _killed_when_late(processes: Sequence[psutil.Process], seconds: float) -> Iterator[None]:
    def kill() -> None:
        for one in processes:
            with suppress(psutil.NoSuchProcess):
                one.kill()

    timer = Timer(seconds, kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_below(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.exe()).is_relative_to(folder)
    except psutil.Error:  # gone, or going
        return False


_QUIET_MS, _LOOKS = 1500, 20


def answers_shown(page: Page, url: str, part: str) -> list[str]:
    """What `page`, a new one, shows at `url`, and each answer from an address with `part` that made it.

    Asked for when all of them are complete: inside an event nothing may be asked of the browser, and
    once the page goes elsewhere Chromium forgets them.
    """
    complete: list[Request] = []

    def note(request: Request) -> None:
        if part in request.url:
            complete.append(request)

    page.on("requestfinished", note)
    page.goto(url, wait_until="networkidle")
    # Idle is also a page whose scripts have not come to asking yet, on a machine that is busy.
    seen = -1
    for _ in range(_LOOKS):
        if complete and len(complete) == seen:
            break
        seen = len(complete)
        page.wait_for_timeout(_QUIET_MS)
    page.remove_listener("requestfinished", note)
    answers = [request.response() for request in complete]
    return [page.content(), *(answer.text() for answer in answers if answer)]
