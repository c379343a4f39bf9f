"""One question to the project's Prisma CLI: bounded in time, without a secret, without a download."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from resources.child_environment import child_environment
from resources.prisma.generate.parser_package import node
from resources.prisma.generate.project_cli import ProjectCli
from resources.redact import inert, redact

_ENGINE = "PRISMA_SCHEMA_ENGINE_BINARY"
_NO_MIRROR = "none"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN = 200
"""Characters of a reason that are shown."""


class CliUnusable(Exception):
    """The CLI gave no script that can be used; the text says why, in one short line fit to print."""


def run_cli(cli: ProjectCli, arguments: Sequence[str], folder: Path, url: str, seconds: float) -> str:
    """What `migrate diff --script --exit-code ARGUMENTS`, started in `folder`, prints; "" for no difference.

    url: of a private server; the CLI is given no other. Raises CliUnusable for everything but an
    answer. The CLI and its engine are ended after `seconds`.
    """
    command = [node(), str(cli.script), "migrate", "diff", "--script", "--exit-code", *arguments]
    try:
        running = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(cli, url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # its engine ends with it
        )
    except OSError as error:
        raise CliUnusable(inert(str(error))[:_SHOWN]) from error
    try:
        out, err = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise CliUnusable(f"it did not answer within {seconds:g} seconds and was ended") from error
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)  # the group is this command's own
            running.communicate()
    # With an engine that ends without a word it exits with 0 and prints nothing: also "empty" has a text.
    if running.returncode not in (0, 2) or not out.strip():
        raise CliUnusable(_reason(out, err, running.returncode))
    return out.strip() + "\n" if running.returncode == 2 else ""


def _environment(cli: ProjectCli, url: str) -> dict[str, str]:
    environment = child_environment(
        also=[_ENGINE],
        DATABASE_URL=url,
        CHECKPOINT_DISABLE="1",
        PRISMA_HIDE_UPDATE_MESSAGE="1",
        NO_COLOR="1",
        CI="1",
        # No variable forbids the download of an engine; an address that is none ends it at once.
        PRISMA_ENGINES_MIRROR=_NO_MIRROR,
        # Prisma 6 would fetch the client's engine too. It has to be a file, and no diff opens it.
        PRISMA_QUERY_ENGINE_LIBRARY=str(cli.script),
        PRISMA_QUERY_ENGINE_BINARY=str(cli.script),
    )
    if engine := environment.get(_ENGINE):
        environment[_ENGINE] = str(Path(engine).absolute())  # it is not started where dbsync was
    return environment


def _reason(out: str, err: str, code: int) -> str:
    if f"{_NO_MIRROR}/all_commits" in err:
        return "its schema engine is not on this machine"
    lines = [line.strip() for line in _COLOUR.sub("", f"{err}\n{out}").split("\n")]
    lines = [line for line in lines if line and not line.startswith("Loaded Prisma config")]
    begin = next((number for number, line in enumerate(lines) if line.startswith("Error")), 0)
    said = " ".join(lines[begin : begin + 3]).removeprefix("Error: ")
    return inert(redact(said))[:_SHOWN] or f"it ended with {code} and said nothing"
