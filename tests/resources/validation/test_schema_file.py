from __future__ import annotations

from dataclasses import replace

import pytest

from resources.mysql.connection import execute
from resources.mysql.schema import read_schema
from resources.prisma.generate.parser_package import get_parser
from resources.validation.schema_file import schema_file_warnings
from resources.validation.validate import validate

SCHEMA = """
datasource db {
  provider = "mysql"
}
model User {
  id   Int     @id @default(autoincrement())
  name String?
}
"""
TABLE = (
    "CREATE TABLE `User` (`id` INTEGER NOT NULL AUTO_INCREMENT, `name` VARCHAR(191) NULL, PRIMARY KEY (`id`))"
    " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
)


@pytest.fixture
def project(target, tools):
    get_parser(tools)
    schema = target.migrations.parent / "schema.prisma"
    schema.write_text(SCHEMA)
    return replace(target, schema_file=schema)


def test_a_column_that_the_schema_file_lacks_is_a_warning_and_no_inconsistency(project, connection):
    execute(connection, TABLE)
    assert schema_file_warnings(project, read_schema(connection, project.database), connection) == []
    execute(connection, "ALTER TABLE `User` DROP COLUMN `name`")
    report = validate(project)
    assert "schema file: the database would need ALTER TABLE `User` ADD COLUMN `name` VARCHAR(191) NULL" in (
        report.result.warnings
    )
    assert not any("schema file" in text for text in report.result.inconsistencies)
    assert not any(
        "schema file" in text for text in validate(replace(project, schema_file=None)).result.warnings
    )


def test_a_schema_file_with_a_mistake_is_a_warning(project, connection):
    (project.migrations.parent / "schema.prisma").write_text(SCHEMA.replace("String?", "Strng?"))
    (said,) = schema_file_warnings(project, read_schema(connection, project.database), connection)
    assert "not compared" in said
    assert "Strng" in said
