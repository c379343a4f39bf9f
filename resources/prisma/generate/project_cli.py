"""The application's own `prisma` package: the CLI that its developers type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_VERSION = re.compile(r"(\d+)\.\d+\.\d+[\w.+-]*")


@dataclass(frozen=True)
class ProjectCli:
    script: Path
    """What `npx prisma` would start with Node.js."""
    version: str

    @property
    def name(self) -> str:
        return f"prisma {self.version}"

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])


def find_project_cli(schema: Path, project: Path) -> ProjectCli | None:
    """The nearest installed one, from the schema's folder up to the root of its repository.

    Not higher than `project` where that is in no repository: a package in a folder that anybody may
    write into would be run.
    """
    beside = schema if schema.is_dir() else schema.parent
    for folder in _upwards(beside.resolve(), project.resolve()):
        if found := _installed(folder / "node_modules" / "prisma"):
            return found
    return None


def _upwards(schema: Path, project: Path) -> Iterator[Path]:
    root = next((one for one in (project, *project.parents) if (one / ".git").exists()), project)
    for begin in (schema, project):
        if begin.is_relative_to(root):
            chain = [begin, *begin.parents]
            yield from chain[: chain.index(root) + 1]


def _installed(package: Path) -> ProjectCli | None:
    try:
        manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
        version, programs = manifest["version"], manifest["bin"]
        script = package / (programs if isinstance(programs, str) else programs["prisma"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(version, str) or not _VERSION.fullmatch(version) or not script.is_file():
        return None
    return ProjectCli(script.resolve(), version)
