"""What a schema file says: checked and parsed by Prisma's own parser, the rest of it read here."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from resources.child_environment import child_environment
from resources.errors import EnvironmentCheckError, MigrationsFolderError
from resources.prisma.generate.datamodel import Datamodel
from resources.prisma.generate.parser_package import SCRIPT, get_parser, node
from resources.prisma.generate.syntax import Block, read_blocks
from resources.prisma.generate.tables import datamodel
from resources.redact import inert, redact

_SECONDS = 60
# Prisma 7 has the address of the database in prisma.config.ts; its parser refuses these lines, which
# earlier versions require. They are of no concern to the tables.
_ADDRESS = re.compile(r"(?m)^([ \t]*)(url|directUrl|shadowDatabaseUrl)[ \t]*=.*$")
# What clients of some version may do. Each version refuses those it does not know (Prisma 7: "metrics");
# only "views" is about the schema: it allows the word.
_FEATURES = re.compile(r"(?m)^([ \t]*previewFeatures[ \t]*=[ \t]*)\[[^\]]*\]")
_DATASOURCE = re.compile(r"(?m)^[ \t]*datasource\s+\w+\s*\{[^}]*\}")


def read_schema_files(files: Sequence[tuple[str, str]], tools: Path) -> Datamodel:
    """The tables that `files`, (path, text), ask for.

    Raises MigrationsFolderError with Prisma's words for an invalid schema and for one that is not
    for MySQL; EnvironmentCheckError where Node.js, npm or the package are missing.
    """
    cleaned = [(path, _without_version(text)) for path, text in files]
    answer = _ask(cleaned, get_parser(tools))
    if "error" in answer:
        raise MigrationsFolderError(
            "the Prisma schema is not valid (Prisma P1012)",
            where=inert(", ".join(path for path, _ in files[:3])),
            why=inert_lines(redact(str(answer["error"])))[:2000],
            hint="npx prisma validate",
        )
    config = answer["config"].get("config", answer["config"])
    sources = config.get("datasources", [])
    provider = sources[0].get("provider") if sources else None
    if provider != "mysql":
        raise MigrationsFolderError(
            f"the schema is for {inert(str(provider))}, not for mysql",
            where=inert(files[0][0]),
            hint='provider = "mysql" in its datasource',
        )
    blocks = [block for _, text in cleaned for block in read_blocks(text)]
    _agree(blocks, answer["dmmf"])
    return datamodel(blocks, foreign_keys=not _is_relation_mode_prisma(cleaned))


def _without_version(text: str) -> str:
    """What another version of Prisma would say about client and connection taken out, line by line."""
    text = _DATASOURCE.sub(lambda match: _ADDRESS.sub("", match[0]), text)

    def features(match: re.Match[str]) -> str:
        kept = '"views"' if '"views"' in match[0] else ""
        return f"{match[1]}[{kept}]" + "\n" * match[0].count("\n")

    return _FEATURES.sub(features, text)


def inert_lines(text: str) -> str:
    return "\n".join(inert(line) for line in text.split("\n"))


def _is_relation_mode_prisma(files: Sequence[tuple[str, str]]) -> bool:
    pattern = re.compile(r'(?m)^\s*(?:relationMode|referentialIntegrity)\s*=\s*"prisma"')
    return any(pattern.search(match[0]) for _, text in files for match in _DATASOURCE.finditer(text))


def _ask(files: Sequence[tuple[str, str]], modules: Path) -> Mapping[str, Any]:
    question = json.dumps({"modules": str(modules), "files": files})
    try:
        run = subprocess.run(
            [node(), str(SCRIPT)],
            input=question,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            env=child_environment(),
        )
        if run.returncode == 0:
            return json.loads(run.stdout)
        why = run.stderr
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        why = str(error)
    raise EnvironmentCheckError(
        "Prisma's parser did not answer",
        where=str(modules),
        why=redact(inert_lines(why))[-800:],
        hint=f"remove {modules} (it is fetched anew), then the same command again",
    )


def _agree(blocks: Sequence[Block], dmmf: Mapping[str, Any]) -> None:
    """What Prisma says of each field must be what was read here: nothing is written on a misreading."""
    models = {block.name: block for block in blocks if block.kind == "model"}
    for model in dmmf["models"]:
        block = models.get(model["name"])
        if block is None or block.table != (model["dbName"] or model["name"]):
            if any(one.kind == "view" and one.name == model["name"] for one in blocks):
                continue
            raise _misread(model["name"])
        fields = {field.name: field for field in block.fields}
        for told in model["fields"]:
            field = fields.get(told["name"])
            kind = "[]" if told["isList"] else "" if told["isRequired"] else "?"
            if field is None or (field.type, field.kind) != (told["type"], kind):
                raise _misread(f"{model['name']}.{told['name']}")
            if told["kind"] != "object" and field.column != told.get("dbName", told["name"]):
                raise _misread(f"{model['name']}.{told['name']}")


def _misread(name: str) -> MigrationsFolderError:
    return MigrationsFolderError(
        f"dbsync reads the schema otherwise than Prisma does: {inert(name)}",
        why="nothing was written; this is a fault of dbsync",
        hint="report the lines of the schema; until then: npx prisma migrate dev --create-only",
    )
