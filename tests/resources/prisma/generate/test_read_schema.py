from __future__ import annotations

import pytest

from resources.errors import EnvironmentCheckError, MigrationsFolderError
from resources.prisma.generate import parser_package, render
from resources.prisma.generate.read_schema import read_schema_files
from resources.prisma.schema_files import schema_files
from tests.resources.prisma.generate.conftest import DATASOURCE

ALL_TYPES = """
enum Level {
  LOW @map("low's")
  HIGH
}
model Everything {
  id BigInt @id @default(autoincrement()) @db.UnsignedBigInt
  a String
  b String @default("it's") @db.Char(10)
  c String @db.TinyText
  d Boolean @default(true)
  e Boolean @db.TinyInt
  f Int @db.UnsignedSmallInt
  g Int @db.MediumInt
  h Float
  i Float @db.Float
  j Decimal
  k Decimal @default(1.50) @db.Decimal(8, 2)
  l DateTime @default(now()) @db.Timestamp(0)
  m DateTime @db.Date
  n DateTime @db.Time(3)
  o DateTime @updatedAt
  p Json @default("{}")
  q Bytes
  r Bytes @db.VarBinary(16)
  s Int @db.Year
  t Level @default(LOW)
  u String @default(dbgenerated("(uuid())")) @db.Char(36)
  v Unsupported("geometry")?
  w String @ignore
  x Boolean @db.Bit(1)
  y DateTime @default(now()) @db.DateTime(6)
  @@map("everything")
}
"""


def test_every_type_has_the_form_that_prisma_prints(read):
    columns = read(ALL_TYPES).tables["everything"].columns
    assert [render.column(one).partition(" ")[2] for one in columns.values()] == [
        "BIGINT UNSIGNED NOT NULL AUTO_INCREMENT",
        "VARCHAR(191) NOT NULL",
        "CHAR(10) NOT NULL DEFAULT 'it''s'",
        "TINYTEXT NOT NULL",
        "BOOLEAN NOT NULL DEFAULT true",
        "BOOLEAN NOT NULL",
        "SMALLINT UNSIGNED NOT NULL",
        "MEDIUMINT NOT NULL",
        "DOUBLE NOT NULL",
        "FLOAT NOT NULL",
        "DECIMAL(65, 30) NOT NULL",
        "DECIMAL(8, 2) NOT NULL DEFAULT 1.50",
        "TIMESTAMP(0) NOT NULL DEFAULT CURRENT_TIMESTAMP(0)",
        "DATE NOT NULL",
        "TIME(3) NOT NULL",
        "DATETIME(3) NOT NULL",
        "JSON NOT NULL",
        "LONGBLOB NOT NULL",
        "VARBINARY(16) NOT NULL",
        "YEAR NOT NULL",
        "ENUM('low''s', 'HIGH') NOT NULL DEFAULT 'low''s'",
        "CHAR(36) NOT NULL DEFAULT (uuid())",
        "geometry NULL",
        "VARCHAR(191) NOT NULL",
        "BIT(1) NOT NULL",
        "DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)",
    ]


def test_every_type_is_made_and_leaves_nothing_to_do(edit):
    assert [title for title, _ in edit("", ALL_TYPES).steps] == ["CreateTable"]


def test_a_schema_of_prisma_6_and_one_of_several_files_are_read(tmp_path, parser, tools):
    (tmp_path / "models").mkdir()
    old = DATASOURCE.replace("}", '  url = env("DATABASE_URL")\n  shadowDatabaseUrl = env("S")\n}')
    (tmp_path / "schema.prisma").write_text(old)
    (tmp_path / "models" / "b.prisma").write_text("model B {\n  id Int @id\n  a A[]\n}\n")
    (tmp_path / "models" / "a.prisma").write_text("model A {\n  id Int @id\n  b B[]\n}\n")
    files = schema_files(tmp_path / "migrations", tmp_path)
    assert list(read_schema_files(files, tools).tables) == ["A", "B", "_AToB"]


def test_features_of_any_version_are_taken_and_errors_keep_their_lines(parser, tools):
    client = 'generator client {\n  provider = "prisma-client-js"\n'
    client += '  previewFeatures = [\n    "metrics",\n    "fullTextIndex", // MySQL\n  ]\n}\n'
    text = client + DATASOURCE + "model A {\n  id Int @id\n  t String @db.Text\n  @@fulltext([t])\n}\n"
    (index,) = read_schema_files([("s", text)], tools).tables["A"].indexes
    assert (index.name, index.kind) == ("A_t_idx", "FULLTEXT")
    with pytest.raises(MigrationsFolderError) as caught:
        read_schema_files([("s", text.replace("t String", "t Nope"))], tools)
    line = 1 + text[: text.index("t String")].count("\n")
    assert f"s:{line}" in caught.value.why


def test_a_relation_to_a_view_is_no_column_and_no_foreign_key(parser, tools):
    text = (
        'generator client {\n  provider = "prisma-client-js"\n  previewFeatures = ["metrics", "views"]\n}\n'
    )
    text += DATASOURCE + "model A {\n  id Int @id\n  sums Sums?\n}\n"
    text += "view Sums {\n  aId Int @unique\n  a A @relation(fields: [aId], references: [id])\n}\n"
    model = read_schema_files([("s", text)], tools)
    assert {name: list(table.columns) for name, table in model.tables.items()} == {"A": ["id"]}
    assert model.foreign_keys == ()


def test_of_schemas_for_several_databases_side_by_side_it_is_the_one_for_mysql(tmp_path):
    for provider in ("mysql", "postgresql"):
        (tmp_path / f"{provider}-schema.prisma").write_text(DATASOURCE.replace("mysql", provider))
    ((path, _),) = schema_files(tmp_path / "migrations")
    assert path == str(tmp_path / "mysql-schema.prisma")
    (tmp_path / "models.prisma").write_text("model A {\n  id Int @id\n}\n")
    (tmp_path / "postgresql-schema.prisma").unlink()
    assert len(schema_files(tmp_path / "migrations")) == 2, "one schema of several files"


def test_a_stray_file_beside_the_schema_is_no_part_of_it(tmp_path):
    (tmp_path / "schema.prisma").write_text(DATASOURCE)
    (tmp_path / "old.prisma").write_text("model Old {\n  id Int @id\n}\n")
    ((path, _),) = schema_files(tmp_path / "migrations")
    assert path == str(tmp_path / "schema.prisma")


def test_relation_mode_prisma_has_no_foreign_keys(parser, tools):
    text = DATASOURCE.replace("}", '  relationMode = "prisma"\n}')
    text += "model A {\n  id Int @id\n  b B[]\n}\nmodel B {\n  id Int @id\n  aId Int\n"
    text += "  a A @relation(fields: [aId], references: [id])\n  @@index([aId])\n}\n"
    model = read_schema_files([("s", text)], tools)
    assert model.foreign_keys == ()
    assert [index.name for index in model.tables["B"].indexes] == ["B_aId_idx"]


def test_an_ignored_model_is_a_table_and_a_view_is_not(read):
    model = read("model A {\n  id Int @id\n  n Int @ignore\n}\nmodel C {\n  n Int?\n  @@ignore\n}\n")
    assert {name: list(table.columns) for name, table in model.tables.items()} == {
        "A": ["id", "n"],
        "C": ["n"],
    }


def test_long_names_are_cut_as_prisma_cuts_them(read):
    long = "a" * 50
    model = read(f"model {long} {{\n  id Int @id\n  {'b' * 40} Int @unique\n}}\n")
    (index,) = model.tables[long].indexes
    assert index.name == f"{long}_{'b' * 9}_key"
    assert len(index.name) == 64


def test_an_index_has_the_name_that_older_schemas_give_it(read):
    model = read(
        "model A {\n  id Int @id\n  a Int\n  b Int\n"
        '  @@index([a], name: "by_a")\n  @@index([b], map: "by_b")\n  @@unique([a, b], name: "ofClient")\n}\n'
    )
    assert [index.name for index in model.tables["A"].indexes] == ["by_a", "by_b", "A_a_b_key"]


def test_a_named_foreign_key_and_its_actions_are_kept(read):
    model = read(
        'model A {\n  id Int @id\n  b B[]\n}\nmodel B {\n  id Int @id\n  aId Int? @map("a_id")\n'
        '  a A? @relation(fields: [aId], references: [id], onUpdate: NoAction, map: "to_a")\n}\n'
    )
    ((table, key),) = model.foreign_keys
    assert (table, key.name, key.columns, key.on_delete, key.on_update) == (
        "B",
        "to_a",
        ("a_id",),
        "SET NULL",
        "NO ACTION",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model A {\n  id Nope @id\n}\n", "P1012"),
        ('model A {\n  id Int @id\n  @@schema("x")\n}\n', "(P1012|@@schema)"),
    ],
)
def test_a_schema_that_prisma_refuses_is_refused_with_its_words(read, text, told):
    with pytest.raises(MigrationsFolderError, match=told) as caught:
        read(text)
    assert caught.value.why


def test_a_schema_for_another_database_is_refused(parser, tools):
    text = DATASOURCE.replace("mysql", "postgresql") + "model A {\n  id Int @id\n}\n"
    with pytest.raises(MigrationsFolderError, match="postgresql"):
        read_schema_files([("s", text)], tools)


def test_without_node_the_next_command_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentCheckError) as caught:
        parser_package.get_parser(tmp_path)
    assert "apt-get install nodejs npm" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
