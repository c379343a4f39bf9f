"""The part of a GitHub runner that a step sees: its files, and how it reads what the step prints."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from resources.settings import CHECKOUT


@dataclass
class Step:
    """What the runner took from one step."""

    code: int
    text: str
    outputs: dict[str, str]
    variables: dict[str, str]
    summary: str

    @property
    def commands(self) -> list[str]:
        return obeyed(self.text)


@dataclass
class Runner:
    folder: Path
    workspace: Path
    environment: dict[str, str] = field(default_factory=dict)
    """Variables that earlier steps set."""
    run_id: str = "1"
    _steps: int = 0

    def start(self, **inputs: str) -> subprocess.Popen[str]:
        """Start the action's step. `inputs`: VERB="deploy", …; other variables as `env_NAME`."""
        self._steps += 1
        for name in ("output", "env", "summary"):
            self._file(name).parent.mkdir(parents=True, exist_ok=True)
            self._file(name).touch()
        given = {
            name.removeprefix("env_") if name.startswith("env_") else f"DBSYNC_ACTION_{name}": value
            for name, value in inputs.items()
        }
        return subprocess.Popen(
            ["bash", str(CHECKOUT / "action" / "run.sh")],
            cwd=self.workspace,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_RUN_ID": self.run_id,
                "GITHUB_RUN_ATTEMPT": "1",
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_OUTPUT": str(self._file("output")),
                "GITHUB_ENV": str(self._file("env")),
                "GITHUB_STEP_SUMMARY": str(self._file("summary")),
                "RUNNER_TEMP": str(self.folder),
                "RUNNER_TRACKING_ID": "github_1",
                "DBSYNC_ACTION_FOLDER": str(CHECKOUT),
                **self.environment,
                **given,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, process: subprocess.Popen[str]) -> Step:
        text, _ = process.communicate(timeout=120)
        variables = _values(self._file("env"))
        self.environment |= variables
        return Step(
            process.returncode,
            text,
            _values(self._file("output")),
            variables,
            self._file("summary").read_text(encoding="utf-8"),
        )

    def run(self, **inputs: str) -> Step:
        return self.end(self.start(**inputs))

    def _file(self, name: str) -> Path:
        return self.folder / f"step-{self._steps}" / name


_FIRST = re.compile(r"^::(?P<name>[\w-]+)(?: (?P<properties>[^:]*))?::(?P<data>.*)$")
_OLD = re.compile(r"##\[(?P<name>[\w-]+)(?: [^\]]*)?\]")


def obeyed(text: str) -> list[str]:
    """The commands that a runner takes from these lines, as it says itself how it reads them.

    `::name …::` at a line's beginning, white space aside; the older `##[name]` anywhere in it; none
    between `::stop-commands::TOKEN` and `::TOKEN::`.
    """
    found: list[str] = []
    token = None
    for line in re.split(r"\r\n|\r|\n", text):
        stripped = line.strip()
        if token is not None:
            if stripped == f"::{token}::":
                token = None
            continue
        if match := _FIRST.match(stripped):
            if match["name"] == "stop-commands":
                token = match["data"]
            else:
                found.append(stripped)
        elif _OLD.search(line):
            found.append(line)
    return found


def _values(file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    lines = iter(file.read_text(encoding="utf-8").splitlines())
    for line in lines:
        name, given, end = line.partition("<<")
        if given and "=" not in name:
            value: list[str] = []
            for one in lines:
                if one == end:
                    break
                value.append(one)
            found[name] = "\n".join(value)
        else:
            name, _, text = line.partition("=")
            found[name] = text
    return found
