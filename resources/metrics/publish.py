"""What is written after a look: the text for Prometheus each time, the page at most once a minute."""

from __future__ import annotations

from resources import progress
from resources.errors import DbsyncError
from resources.metrics.monitor import Look
from resources.metrics.page import write_page
from resources.metrics.store import Store
from resources.target import Target

_PAGE_EVERY = 60.0


def publish(target: Target, store: Store, look: Look) -> None:
    """A disk that is full is said, and stops nothing."""
    from resources.metrics.prometheus import write_textfile  # 50 ms, which no release need wait for

    try:
        write_textfile(target, look)
        if store.due("page", _PAGE_EVERY, look.at):
            write_page(target, store)
    except (OSError, DbsyncError) as error:
        progress.say(f"the figures could not be published: {error}")
