"""Stands in for Prisma's schema engine, whose build for MySQL exists only as a download.

Copied beside an `answer.json` and made executable, it speaks the engine's JSON-RPC on stdin and stdout:
it replays the migrations on the shadow database it is given, as the engine does, and then prints the
script of `answer.json`. What it was given and found goes to `seen.jsonl` beside it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql
from pymysql.constants import CLIENT

HERE = Path(__file__).parent


def main() -> None:
    answer = json.loads((HERE / "answer.json").read_text())
    note(argv=sys.argv, env=dict(os.environ), processes=[os.getpid(), os.getppid()])
    for line in sys.stdin:
        asked = json.loads(line)
        if asked.get("method") != "diff":
            continue
        note(asked=asked["params"])
        script = "-- from nothing\n"
        if asked["params"]["from"]["tag"] == "migrations":
            while answer.get("hangs"):
                time.sleep(1)
            note(tables=replay(asked["params"]))
            script = answer["script"] or "-- This is an empty migration.\n"
        send(id=900, method="print", params={"content": script})
        send(id=asked["id"], result={"exitCode": 2 if answer["script"] else 0})


def replay(asked: dict[str, Any]) -> dict[str, str]:
    """`SHOW CREATE TABLE` of what the migrations make in the shadow database."""
    url = urlsplit(asked.get("shadowDatabaseUrl") or json.loads(sys.argv[2])["shadowDatabaseUrl"])
    database = unquote(url.path[1:])
    connection = pymysql.connect(
        user=url.username or "",
        password=url.password or "",
        unix_socket=parse_qs(url.query)["socket"][0],
        database=database,
        client_flag=CLIENT.MULTI_STATEMENTS,
    )
    cursor = connection.cursor()

    def run(script: str) -> None:
        cursor.execute(script)
        while cursor.nextset():
            pass

    run(f"DROP DATABASE `{database}`; CREATE DATABASE `{database}`; USE `{database}`")
    for folder in asked["from"]["migrationDirectories"]:
        run(folder["migrationFile"]["content"]["value"])
    cursor.execute("SHOW TABLES")
    made: dict[str, str] = {}
    for (name,) in list(cursor.fetchall()):
        cursor.execute(f"SHOW CREATE TABLE `{name}`")
        row = cursor.fetchone()
        made[name] = row[1] if row else ""
    return made


def note(**what: object) -> None:
    with (HERE / "seen.jsonl").open("a") as seen:
        seen.write(json.dumps(what) + "\n")


def send(**message: object) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
