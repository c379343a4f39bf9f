"""One edit of a schema file, and the one statement that Prisma writes for it."""

from __future__ import annotations

import pytest

BASE = """
enum Role {
  READER
  WRITER
}
model User {
  id    Int     @id @default(autoincrement())
  email String  @unique
  name  String?
  role  Role    @default(READER)
  bio   String? @db.Text
  posts Post[]
}
model Post {
  id       Int    @id @default(autoincrement())
  title    String
  score    Int    @default(0)
  authorId Int
  author   User   @relation(fields: [authorId], references: [id])
  @@index([title])
}
model Tag {
  id   Int    @id
  name String
}
"""

EDITS = {
    "a column is added": (
        ("  name  String?", "  name  String?\n  phone String? @db.VarChar(32)"),
        "-- AlterTable\nALTER TABLE `User` ADD COLUMN `phone` VARCHAR(32) NULL;\n",
    ),
    "two columns are added in name order": (
        ("  name  String?", "  name  String?\n  zip String?\n  age Int @default(1)"),
        "-- AlterTable\nALTER TABLE `User` ADD COLUMN `age` INTEGER NOT NULL DEFAULT 1,\n"
        "    ADD COLUMN `zip` VARCHAR(191) NULL;\n",
    ),
    "a required column is added": (
        ("  name  String?", "  name  String?\n  phone String"),
        "/*\n  Warnings:\n\n  - Added the required column `phone` to the `User` table without a default"
        " value. This is not possible if the table is not empty.\n\n*/\n"
        "-- AlterTable\nALTER TABLE `User` ADD COLUMN `phone` VARCHAR(191) NOT NULL;\n",
    ),
    "a required column that the client fills is added": (
        ("  name  String?", "  name  String?\n  token String @default(uuid())"),
        "/*\n  Warnings:\n\n  - The required column `token` was added to the `User` table with a prisma-level"
        " default value. This is not possible if the table is not empty. Please add this column as optional,"
        " then populate it before making it required.\n\n*/\n"
        "-- AlterTable\nALTER TABLE `User` ADD COLUMN `token` VARCHAR(191) NOT NULL;\n",
    ),
    "a column is dropped": (
        ("  bio   String? @db.Text\n", ""),
        "/*\n  Warnings:\n\n  - You are about to drop the column `bio` on the `User` table."
        " All the data in the column will be lost.\n\n*/\n"
        "-- AlterTable\nALTER TABLE `User` DROP COLUMN `bio`;\n",
    ),
    "a column becomes longer": (
        ("  title    String", "  title    String @db.VarChar(255)"),
        "-- AlterTable\nALTER TABLE `Post` MODIFY `title` VARCHAR(255) NOT NULL;\n",
    ),
    "a column becomes shorter": (
        ("  title    String", "  title    String @db.VarChar(100)"),
        "/*\n  Warnings:\n\n  - You are about to alter the column `title` on the `Post` table. The data in"
        " that column could be lost. The data in that column will be cast from `VarChar(191)` to"
        " `VarChar(100)`.\n\n*/\n-- AlterTable\nALTER TABLE `Post` MODIFY `title` VARCHAR(100) NOT NULL;\n",
    ),
    "a column becomes optional": (
        ("  title    String", "  title    String?"),
        "-- AlterTable\nALTER TABLE `Post` MODIFY `title` VARCHAR(191) NULL;\n",
    ),
    "a column becomes required": (
        ("  name  String?", "  name  String"),
        "/*\n  Warnings:\n\n  - Made the column `name` on table `User` required. This step will fail if there"
        " are existing NULL values in that column.\n\n*/\n"
        "-- AlterTable\nALTER TABLE `User` MODIFY `name` VARCHAR(191) NOT NULL;\n",
    ),
    "a default changes": (
        ("@default(0)", "@default(10)"),
        "-- AlterTable\nALTER TABLE `Post` MODIFY `score` INTEGER NOT NULL DEFAULT 10;\n",
    ),
    "a default goes": (
        ("    Int    @default(0)", "    Int"),
        "-- AlterTable\nALTER TABLE `Post` ALTER COLUMN `score` DROP DEFAULT;\n",
    ),
    "a type without a cast is made anew": (
        ("  score    Int    @default(0)", "  score    DateTime @default(now())"),
        "/*\n  Warnings:\n\n  - The `score` column on the `Post` table would be dropped and recreated."
        " This will lead to data loss if there is data in the column.\n\n*/\n"
        "-- AlterTable\nALTER TABLE `Post` DROP COLUMN `score`,\n"
        "    ADD COLUMN `score` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3);\n",
    ),
    "an enum gets a value": (
        ("  WRITER\n", "  WRITER\n  ADMIN\n"),
        "-- AlterTable\nALTER TABLE `User` MODIFY `role` ENUM('READER', 'WRITER', 'ADMIN')"
        " NOT NULL DEFAULT 'READER';\n",
    ),
    "an enum loses a value": (
        ("  WRITER\n", ""),
        "/*\n  Warnings:\n\n  - The values [WRITER] on the enum `User_role` will be removed."
        " If these variants are still used in the database, this will fail.\n\n*/\n"
        "-- AlterTable\nALTER TABLE `User` MODIFY `role` ENUM('READER') NOT NULL DEFAULT 'READER';\n",
    ),
    "an index is added": (
        ("@@index([title])", "@@index([title])\n  @@index([score(sort: Desc), title(length: 20)])"),
        "-- CreateIndex\nCREATE INDEX `Post_score_title_idx` ON `Post`(`score` DESC, `title`(20));\n",
    ),
    "an index is dropped": (
        ("  @@index([title])\n", ""),
        "-- DropIndex\nDROP INDEX `Post_title_idx` ON `Post`;\n",
    ),
    "an index is named": (
        ("@@index([title])", '@@index([title], map: "by_title")'),
        "-- RenameIndex\nALTER TABLE `Post` RENAME INDEX `Post_title_idx` TO `by_title`;\n",
    ),
    "the server's own index of a foreign key is taken over": (
        ("@@index([title])", "@@index([title])\n  @@index([authorId])"),
        "-- RenameIndex\nALTER TABLE `Post` RENAME INDEX `Post_authorId_fkey` TO `Post_authorId_idx`;\n",
    ),
    "a full-text index is added": (
        ("  bio   String? @db.Text\n", "  bio   String? @db.Text\n  @@fulltext([bio])\n"),
        "-- CreateIndex\nCREATE FULLTEXT INDEX `User_bio_idx` ON `User`(`bio`);\n",
    ),
    "a column becomes unique": (
        ("  name String\n}", "  name String @unique\n}"),
        "/*\n  Warnings:\n\n  - A unique constraint covering the columns `[name]` on the table `Tag` will be"
        " added. If there are existing duplicate values, this will fail.\n\n*/\n"
        "-- CreateIndex\nCREATE UNIQUE INDEX `Tag_name_key` ON `Tag`(`name`);\n",
    ),
    "a foreign key gets another action": (
        ("references: [id])", "references: [id], onDelete: Cascade)"),
        "-- DropForeignKey\nALTER TABLE `Post` DROP FOREIGN KEY `Post_authorId_fkey`;\n\n"
        "-- DropIndex\nDROP INDEX `Post_authorId_fkey` ON `Post`;\n\n"
        "-- AddForeignKey\nALTER TABLE `Post` ADD CONSTRAINT `Post_authorId_fkey` FOREIGN KEY (`authorId`)"
        " REFERENCES `User`(`id`) ON DELETE CASCADE ON UPDATE CASCADE;\n",
    ),
    "a table is dropped": (
        ("model Tag {\n  id   Int    @id\n  name String\n}\n", ""),
        "/*\n  Warnings:\n\n  - You are about to drop the `Tag` table."
        " If the table is not empty, all the data it contains will be lost.\n\n*/\n"
        "-- DropTable\nDROP TABLE `Tag`;\n",
    ),
    "a primary key changes": (
        ("  id   Int    @id\n  name String", "  id   Int\n  name String\n  @@id([id, name])"),
        "/*\n  Warnings:\n\n  - The primary key for the `Tag` table will be changed."
        " If it partially fails, the table could be left without primary key constraint.\n\n*/\n"
        "-- AlterTable\nALTER TABLE `Tag` DROP PRIMARY KEY,\n    ADD PRIMARY KEY (`id`, `name`);\n",
    ),
    "a comment and an order of fields are nothing": (
        ("  name  String?\n", "  /// what they call themselves\n  name  String? // optional\n"),
        "",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_the_statement_that_prisma_writes(name, edit):
    (old, new), script = EDITS[name]
    assert BASE.count(old) == 1, "the edit must be of one place"
    assert edit(BASE, BASE.replace(old, new)).script == script


def test_a_relation_is_dropped_with_its_column(edit):
    after = BASE.replace("  posts Post[]\n", "").replace("  authorId Int\n", "")
    after = after.replace("  author   User   @relation(fields: [authorId], references: [id])\n", "")
    script = edit(BASE, after).script
    assert [line for line in script.split("\n") if line.startswith(("ALTER", "DROP"))] == [
        "ALTER TABLE `Post` DROP FOREIGN KEY `Post_authorId_fkey`;",
        "DROP INDEX `Post_authorId_fkey` ON `Post`;",
        "ALTER TABLE `Post` DROP COLUMN `authorId`;",
    ]


def test_an_index_that_only_a_foreign_key_needs_stays(edit):
    with_index = BASE.replace("@@index([title])", "@@index([title])\n  @@index([authorId])")
    assert edit(with_index, BASE).script == ""


def test_an_index_that_a_foreign_key_needs_is_replaced_with_the_key_made_anew(edit):
    before = BASE.replace("@@index([title])", "@@index([authorId])")
    found = edit(before, before.replace("@@index([authorId])", "@@index([authorId, title])"))
    titles = [title for title, _ in found.steps]
    assert titles == ["DropForeignKey", "DropIndex", "CreateIndex", "AddForeignKey"]


def test_a_foreign_keys_column_changes_its_type(edit):
    before = BASE.replace("  id    Int     @id @default(autoincrement())", "  id    Int     @id")
    after = before.replace("  id    Int     @id", "  id    BigInt  @id").replace(
        "authorId Int", "authorId BigInt"
    )
    titles = [title for title, _ in edit(before, after).steps]
    assert titles == ["DropForeignKey", "DropIndex", "AlterTable", "AlterTable", "AddForeignKey"]


def test_a_many_to_many_relation_gets_its_table(edit):
    after = BASE.replace("  score    Int", "  tags Tag[]\n  score    Int")
    after = after.replace("  name String\n}", "  name String\n  posts Post[]\n}")
    assert edit(BASE, after).script == (
        "-- CreateTable\nCREATE TABLE `_PostToTag` (\n    `A` INTEGER NOT NULL,\n    `B` INTEGER NOT NULL,\n"
        "\n    UNIQUE INDEX `_PostToTag_AB_unique`(`A`, `B`),\n    INDEX `_PostToTag_B_index`(`B`)\n"
        ") DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n\n"
        "-- AddForeignKey\nALTER TABLE `_PostToTag` ADD CONSTRAINT `_PostToTag_A_fkey` FOREIGN KEY (`A`)"
        " REFERENCES `Post`(`id`) ON DELETE CASCADE ON UPDATE CASCADE;\n\n"
        "-- AddForeignKey\nALTER TABLE `_PostToTag` ADD CONSTRAINT `_PostToTag_B_fkey` FOREIGN KEY (`B`)"
        " REFERENCES `Tag`(`id`) ON DELETE CASCADE ON UPDATE CASCADE;\n"
    )
