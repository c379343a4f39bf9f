"""The environment of every program that dbsync starts: an allow-list, so that none inherits a secret.

Ours holds DATABASE_URL, and often a workflow's tokens. A child's environment can be read
in /proc and is handed on to whatever the child starts; a list of what to leave out would
miss the next secret.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

_KEPT = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"}
)  # and LC_…
_LIBRARIES = ("DAGSTER_", "GX_")
_PROXIES = frozenset({"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"})


def child_environment(
    more: Mapping[str, str] | None = None,
    /,
    *,
    network: bool = False,
    also: Collection[str] = (),
    **given: str,
) -> dict[str, str]:
    """What a program needs to run at all, of our environment, and `more` and `given` on top.

    `network`: the proxies too, whose addresses may hold a login. For what downloads, and nothing else.
    `also`: further names, of what this program alone is told.
    """
    kept = {
        name: text
        for name, text in os.environ.items()
        if name in _KEPT or name in also or name.startswith("LC_") or (network and name.lower() in _PROXIES)
    }
    return {**kept, **(more or {}), **given}


def mysql_environment(**given: str) -> dict[str, str]:
    """For MySQL's programs: as `child_environment`, without HOME.

    ~/.my.cnf and ~/.mylogin.cnf are read after the option file that dbsync writes, so a
    [client] password there would take the place of the target's.
    """
    environment = child_environment()
    environment.pop("HOME", None)
    return {**environment, **given}


@contextmanager
def no_secrets() -> Iterator[None]:
    """While a library is imported that starts programs with the whole of our environment.

    Dagster does: its croniter runs `file`. What libraries are told not to do stays.
    """
    hidden = {
        name: text
        for name, text in os.environ.items()
        if name not in child_environment() and not name.startswith(_LIBRARIES)
    }
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)
