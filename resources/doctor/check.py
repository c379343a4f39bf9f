"""The register of checks. Each check is one function in the file of its family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from resources.doctor.finding import Finding
from resources.mysql.connection import Connection, value
from resources.mysql.installation import MysqlInstallation, find_installation
from resources.target import Target

Scope = Literal["machine", "server"]


class Patient:
    """What the checks look at: the target and an open connection to its server."""

    def __init__(self, target: Target, connection: Connection | None) -> None:
        self.target = target
        self._connection = connection

    @property
    def connection(self) -> Connection:
        """For checks of scope "server", which only run when there is one."""
        if self._connection is None:
            raise RuntimeError("a check of scope `machine` asked for the server")
        return self._connection

    @cached_property
    def installation(self) -> MysqlInstallation | None:
        """The MySQL programs that are here already. Raises MysqlNotFoundError for a bad $MYSQLD."""
        return find_installation(self.target.tools, self.target.mysqld)

    @cached_property
    def server_version(self) -> str:
        return str(value(self.connection, "SELECT VERSION()"))


@dataclass(frozen=True)
class Check:
    name: str
    scope: Scope
    run: Callable[[Patient], Iterator[Finding]]


CHECKS: dict[str, Check] = {}


def check(
    name: str, scope: Scope
) -> Callable[[Callable[[Patient], Iterator[Finding]]], Callable[[Patient], Iterator[Finding]]]:
    """Register a check under its name. Checks run in name order, so that reports can be compared."""

    def register(run: Callable[[Patient], Iterator[Finding]]) -> Callable[[Patient], Iterator[Finding]]:
        if name in CHECKS:
            raise ValueError(f"two checks are named {name!r}")
        CHECKS[name] = Check(name, scope, run)
        return run

    return register
