"""A project of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from resources.mysql.leftovers import stop_leftovers
from resources.prisma.apply import apply_pending
from resources.prisma.lock import MigrationLock
from tests.support.project import Project

SHOP = {
    "20260101000000_init": (
        "CREATE TABLE `User` (`id` INTEGER NOT NULL AUTO_INCREMENT, `email` VARCHAR(191) NOT NULL,"
        " `ratio` FLOAT NULL, PRIMARY KEY (`id`))"
        " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n"
        "CREATE TABLE `Post` (`id` INTEGER NOT NULL AUTO_INCREMENT, `userId` INTEGER NOT NULL,"
        " `title` VARCHAR(191) NOT NULL, PRIMARY KEY (`id`))"
        " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n"
        "ALTER TABLE `Post` ADD CONSTRAINT `Post_userId_fkey` FOREIGN KEY (`userId`)"
        " REFERENCES `User`(`id`) ON DELETE RESTRICT ON UPDATE CASCADE;\n"
    ),
}
GOOD = ("20260201000000_add_name", "ALTER TABLE `User` ADD COLUMN `name` VARCHAR(191) NULL;\n")
BAD = (
    "20260301000000_unique_email",
    "ALTER TABLE `User` ADD COLUMN `seen` BOOLEAN NOT NULL DEFAULT false;\n"
    "UPDATE `Post` SET `title` = CONCAT('* ', `title`);\n"
    "CREATE TABLE `Extra` (`id` INTEGER NOT NULL, PRIMARY KEY (`id`));\n"
    "\n"
    "CREATE UNIQUE INDEX `User_email_key` ON `User`(`email`);\n",
)


# Fails on the rows of `project` only: what fails on an empty database too is refused before it runs.
DUPLICATES = "CREATE UNIQUE INDEX `User_email_key` ON `User`(`email`);"


@pytest.fixture
def empty_project(server, database, tools, tmp_path) -> Iterator[Project]:
    """No migrations yet, an empty database."""
    yield Project(tmp_path / "app", server.tcp_endpoint, database, tools)
    for folder in ("servers", "replay"):  # what a dbsync killed by the test left running
        stop_leftovers(tmp_path / "app" / ".dbsync" / folder)


@pytest.fixture
def project(empty_project: Project, target) -> Project:
    """Two tables with rows, one migration applied; two users share an e-mail address."""
    for name, sql in SHOP.items():
        empty_project.add_migration(name, sql)
    target = replace(target, migrations=empty_project.migrations)
    with MigrationLock(target, "test") as lock:
        apply_pending(target, lock, lambda *_: None)
    empty_project.execute(
        "INSERT INTO `User` (`email`, `ratio`) VALUES ('a@x', 16777217), ('b@x', 0.1), ('a@x', NULL)",
        "INSERT INTO `Post` (`userId`, `title`) VALUES (1, 'héllo'), (2, '你好'), (3, '🚀')",
    )
    return empty_project
