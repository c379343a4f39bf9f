"""A migrations folder that is also the database's history."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from resources.mysql.connection import connect, execute
from resources.mysql.digest import TableDigest
from resources.mysql.schema import Schema, read_schema
from resources.prisma.folder import MigrationFile, read_migrations
from resources.prisma.history import create_history, finish, insert_started
from resources.target import Target
from resources.validation.rules.rule import RuleResult
from resources.validation.rules.run import run_rules
from resources.validation.rules.scan import Scan
from resources.validation.rules.scope import Scope

SHOP = """
CREATE TABLE `User` (
  `id` INT NOT NULL AUTO_INCREMENT, `email` VARCHAR(191) NOT NULL, `name` VARCHAR(191) NULL,
  UNIQUE INDEX `User_email_key`(`email`), PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE `Order` (
  `id` INT NOT NULL AUTO_INCREMENT, `userId` INT NOT NULL, `total` DECIMAL(10, 2) NOT NULL DEFAULT 0.00,
  `status` ENUM('NEW', 'PAID') NOT NULL DEFAULT 'NEW',
  INDEX `Order_status_idx`(`status`), PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
ALTER TABLE `Order` ADD CONSTRAINT `Order_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `User`(`id`)
  ON DELETE RESTRICT ON UPDATE CASCADE;
"""


@pytest.fixture(scope="session")
def shared_replays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replays")


@pytest.fixture
def target(target: Target, shared_replays: Path, request: pytest.FixtureRequest) -> Target:
    """Tests of the same migrations share a replay, except where the replay is the subject."""
    if request.node.path.name == "test_expected.py":
        return target
    return replace(target, state=shared_replays)


def write_migration(folder: Path, name: str, script: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "migration.sql").write_text(script)


@pytest.fixture
def deployed(target: Target) -> Callable[..., list[MigrationFile]]:
    """deployed(name=script, …): write the migrations and apply them, history included."""

    def deploy(**scripts: str) -> list[MigrationFile]:
        for name, script in scripts.items():
            write_migration(target.migrations, name, script)
        files = read_migrations(target.migrations)
        with contextlib.closing(
            connect(target.endpoint, target.database, multi_statements=True)
        ) as connection:
            create_history(connection)
            for file in files:
                row = insert_started(connection, file.name, file.checksum)
                with connection.cursor() as cursor:
                    cursor.execute(file.content.decode())
                    while cursor.nextset():
                        pass
                finish(connection, row)
        return files

    return deploy


def run(target: Target, *statements: str) -> None:
    with connect(target.endpoint, target.database) as connection:
        for statement in statements:
            execute(connection, statement)


def run_rules_on(
    target: Target,
    expected: Schema | None = None,
    *,
    rules: Path | None = None,
    before: Mapping[str, TableDigest] | None = None,
    others: Mapping[str, int] | None = None,
) -> dict[str, RuleResult]:
    """Every rule's result by name, as `validate` runs them but without a replay.

    expected: a schema that was read before the test changed something by hand.
    """
    with connect(target.endpoint, target.database) as connection:
        actual = read_schema(connection, target.database)
        scope = Scope(Scan(connection), target.database, expected or actual, actual, before, others)
        return {result.name: result for result in run_rules(scope, rules)}


def schema_of(target: Target) -> Schema:
    with connect(target.endpoint, target.database) as connection:
        return read_schema(connection, target.database)
