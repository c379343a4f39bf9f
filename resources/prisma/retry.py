"""Connecting again when the server does not answer in time, before anything was sent."""

from __future__ import annotations

import time

from resources import progress
from resources.errors import ConnectTimeoutError
from resources.mysql.connection import Connection, connect
from resources.target import Target

_PAUSE = 1.0
"""Seconds between attempts."""


def connect_patiently(
    target: Target,
    *,
    database: bool = True,
    multi_statements: bool = False,
    read_timeout: float | None = None,
) -> Connection:
    """A connection to the target, tried `policy.connect_retries` more times on a time-out only.

    A refused login or a missing database stays so, and a statement is never sent
    twice. Raises what `connect` raises; ConnectTimeoutError says how often it was tried.
    """
    retries = target.policy.connect_retries
    for attempt in range(retries + 1):
        try:
            return connect(
                target.endpoint,
                target.database if database else None,
                multi_statements=multi_statements,
                read_timeout=read_timeout,
            )
        except ConnectTimeoutError as error:
            if attempt == retries:
                raise ConnectTimeoutError(
                    f"{error.what}, tried {retries + 1} times",
                    where=error.where,
                    why=error.why,
                    hint=error.hint,
                ) from error
            progress.say(f"{error.what}; trying again ({attempt + 1} of {retries})")
            time.sleep(_PAUSE)
    raise AssertionError("unreachable")
