"""One line of the log, as text for people and as JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from resources.redact import inert, redact

Kind = Literal["begin", "note", "end", "say", "phase", "error"]
Level = Literal["info", "error"]
LONGEST = 8_000
"""Characters of one text; a server's message about a long statement can be megabytes."""
_TEXT = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<level>[a-z]+) +"
    r"\[(?P<deployment>\S+) (?P<place>[^\]]*)\] (?P<text>.*)"
)


@dataclass(frozen=True)
class Line:
    """`text` is as it was said; `as_text` and `as_json` take secrets and control characters out."""

    kind: Kind
    text: str
    at: datetime
    level: Level = "info"
    target: str = ""
    deployment: str = ""
    """Id of the deployment; "" before it has one, and for what is none."""
    command: str = ""
    phase: str = ""
    seconds: float | None = None
    """How long it took, where that is over."""
    pid: int = 0

    def as_json(self) -> str:
        facts: dict[str, object] = {
            "at": _stamp(self.at),
            "level": self.level,
            "kind": self.kind,
            "target": self.target or None,
            "deployment": self.deployment or None,
            "command": self.command or None,
            "phase": self.phase or None,
            "text": self.text[:LONGEST],
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "pid": self.pid,
        }
        clean = {name: _clean(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
        return json.dumps(clean, ensure_ascii=False)

    def as_text(self) -> str:
        return f"{_stamp(self.at)} {self.level:<5} {self.body()}"

    def body(self) -> str:
        """The text without time and level, for a log that shows those itself. One line."""
        place = "/".join(filter(None, (self.command, self.phase)))
        took = "" if self.seconds is None else f" ({self.seconds:.2f} s)"
        text = " · ".join(filter(None, (part.strip() for part in self.text[:LONGEST].splitlines())))
        return _clean(f"[{self.deployment or '-'} {place}] {text}{took}")


def read_line(written: str) -> Mapping[str, object] | None:
    """A line of either form as its facts; None for what is no line of the log (torn, or of others)."""
    if written.startswith("{"):
        try:
            facts = json.loads(written)
        except ValueError:
            return None
        return facts if isinstance(facts, dict) and "at" in facts else None
    found = _TEXT.fullmatch(written)
    if not found:
        return None
    facts = dict(found.groupdict())
    return facts | {"deployment": None if facts["deployment"] == "-" else facts["deployment"]}


def now() -> datetime:
    return datetime.now(UTC)


def _clean(text: str) -> str:
    # A lone surrogate (from a file name that is no UTF-8) has no place in a file of UTF-8.
    return inert(redact(text)).encode("utf-8", "backslashreplace").decode()


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
