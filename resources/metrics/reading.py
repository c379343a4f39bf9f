"""Asking the server for figures that an account may not be allowed to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pymysql

from resources.metrics.sample import Sample
from resources.mysql.connection import is_denied, is_lost

_UNKNOWN_THERE = frozenset({1049, 1054, 1064, 1109, 1146, 1193})
"""No such table, column, variable or statement: another version, or performance_schema is off."""


def read(sample: Sample, names: Sequence[str], look: Callable[[], None], privilege: str = "") -> None:
    """`look` fills in `names`. Where the server refuses, they are None with the reason; it raises only
    where the connection is lost.
    """
    try:
        look()
    except pymysql.err.MySQLError as error:
        if is_lost(error):
            raise
        if is_denied(error):
            sample.unknown(names, f"the account may not read it{f': {privilege}' if privilege else ''}")
        elif error.args and error.args[0] in _UNKNOWN_THERE:
            sample.unknown(names, "this server does not tell it")
        else:
            sample.unknown(names, f"the server refused it: error {error.args[0] if error.args else '?'}")
