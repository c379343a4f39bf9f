"""Whether a commit's tests passed, asked of the address in GIT_CI_STATUS_URL."""

from __future__ import annotations

import json
from typing import Any, Literal
from urllib.parse import urlsplit

from resources.errors import CommitRefusedError
from resources.git.names import is_loopback, require_commit
from resources.http.exchange import Exchange
from resources.http.reach import Reach
from resources.redact import inert, redact
from resources.release_source.source import Source

Verdict = Literal["success", "pending", "failure"]
_GOOD = {"success", "passed", "neutral", "skipped"}
_WAITING = {"pending", "running", "created", "queued", "in_progress", "waiting", "requested", "preparing", ""}
SECONDS = 4.0
_LARGEST = 2**21
"""Bytes of an answer: a commit may have hundreds of check runs."""


def ci_verdict(source: Source, commit: str, *, seconds: float = SECONDS) -> tuple[Verdict, str]:
    """What the address says of `commit`, and a line for people.

    Understood are `state` or `status` (commit statuses of GitHub, GitLab, Gitea) and `check_runs`
    (GitHub). Where it does not answer, or not so, the verdict is pending: nothing is deployed on a
    guess. Raises CommitRefusedError where a token would go over an unprotected connection.
    """
    if source.ci_url is None:
        return "success", "no CI is waited for"
    address = urlsplit(source.ci_url.replace("{commit}", require_commit(commit)))
    if address.scheme != "https" and not is_loopback(address.hostname or ""):
        raise CommitRefusedError(
            "GIT_CI_STATUS_URL would be asked without protection",
            where=address.hostname or "",
            why="its answer decides what is deployed, and anybody on the way could write it",
            hint="use its https:// address",
        )
    headers = {"Accept": "application/json"}
    if source.ci_token:
        headers["Authorization"] = f"Bearer {source.ci_token}"
    asked = Exchange(address, None, Reach(anywhere=True), seconds, headers=headers, largest=_LARGEST)
    problem = asked.error if asked.perform() else f"no whole answer within {seconds:g} s"
    if problem or asked.status != 200:
        return "pending", f"CI did not answer: {redact(inert(problem or f'HTTP {asked.status}'))}"
    try:
        found = json.loads(asked.answer)
    except ValueError:
        return "pending", "CI did not answer with JSON"
    return _read(found)


def _read(found: Any) -> tuple[Verdict, str]:
    if isinstance(found, dict) and isinstance(found.get("check_runs"), list):
        runs = [one for one in found["check_runs"] if isinstance(one, dict)]
        states = [
            str(one.get("conclusion") or "") if one.get("status") == "completed" else "" for one in runs
        ]
        if not runs or len(runs) < int(found.get("total_count") or 0):
            return "pending", f"CI shows {len(runs)} of {found.get('total_count', 0)} check runs"
        return _worst(states)
    for name in ("state", "status"):
        if isinstance(found, dict) and isinstance(found.get(name), str):
            return _worst([found[name]])
    return "pending", "CI's answer has neither `state` nor `check_runs`"


def _worst(states: list[str]) -> tuple[Verdict, str]:
    lowered = [state.strip().lower() for state in states]
    bad = [state for state in lowered if state not in _GOOD | _WAITING]
    if bad:
        return "failure", f"CI says {inert(bad[0][:40])}"
    if any(state in _WAITING for state in lowered):
        return "pending", "CI has not ended"
    return "success", "CI passed"
