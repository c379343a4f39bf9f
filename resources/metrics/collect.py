"""One look at everything. It raises for nothing that it looks at."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

import pymysql

from resources.errors import DbsyncError
from resources.health.system import check_system
from resources.metrics.application import look_at_application
from resources.metrics.database import look_at_database
from resources.metrics.figures import FIGURES, names_of
from resources.metrics.rates import add_rates, stamp
from resources.metrics.sample import Sample
from resources.metrics.slow import look_at_slow_ones
from resources.mysql.connection import Connection, connect
from resources.redact import inert, redact
from resources.target import Target

_ANSWER_SECONDS = 3.0
"""A server that takes longer for any of this does not answer; a tick of the sensor may take 10 s in all."""
_AT_ONCE = 1.0
"""Seconds within which a failure means that the connection had been closed already."""


class Collector:
    """Keeps one connection between looks: a new one costs more than everything that is asked on it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: Connection | None = None

    def collect(self, previous: Sample | None) -> Sample:
        """`previous`: the look before, also one of another process; rates are against it."""
        sample = Sample(at=time.time())
        stamp(sample)
        self._database(sample, previous)
        look_at_application(self._target, sample, previous)
        system, _ = check_system(self._target.storage)
        sample.texts["disk_path"] = inert(str(system["disk_path"]))
        for name in names_of("system"):
            if name in system:
                sample.figures[name] = system[name]
        add_rates(sample, previous)
        return sample

    def close(self) -> None:
        if self._connection is not None:
            with suppress(pymysql.err.MySQLError, OSError):
                self._connection.close()
            self._connection = None

    def _database(self, sample: Sample, previous: Sample | None) -> None:
        kept, begun = self._connection is not None, time.monotonic()
        try:
            self._ask(sample, previous)
        except (pymysql.err.MySQLError, OSError, DbsyncError) as error:
            self.close()
            # A connection that the server closed meanwhile (wait_timeout, a restart) is no finding.
            at_once = time.monotonic() - begun < _AT_ONCE
            if kept and at_once and not isinstance(error, DbsyncError):
                self._database(sample, previous)
                return
            why = error.what if isinstance(error, DbsyncError) else f"it stopped answering: {error}"
            sample.unknown([*names_of("database"), "clock_offset_s"], "the server does not answer")
            sample.texts["unreachable"] = inert(redact(why))
            sample.figures["reachable"] = 0
            sample.reasons.pop("reachable", None)
            sample.raw = {
                name: raw for name, raw in sample.raw.items() if name in ("monotonic", "pm2_restarts")
            }

    def _ask(self, sample: Sample, previous: Sample | None) -> None:
        if self._connection is None:
            endpoint = self._target.endpoint
            patience = min(_ANSWER_SECONDS, endpoint.connect_timeout)
            self._connection = connect(
                replace(endpoint, connect_timeout=patience), read_timeout=_ANSWER_SECONDS
            )
        look_at_database(self._connection, self._target, sample)
        look_at_slow_ones(self._connection, self._target, sample, previous)


__all__ = ["FIGURES", "Collector"]
