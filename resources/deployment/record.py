"""The evidence file of one deployment: what was protected, changed, checked, and how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.durable_file import write_durably
from resources.redact import redact_value

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment


def evidence(deployment: Deployment, outcome: str, reason: str | None = None) -> dict[str, Any]:
    """Everything a reviewer asks for, as JSON-ready values without secrets. Times in seconds."""
    backup = deployment.backup.manifest if deployment.backup else None
    commit = deployment.commit
    record: dict[str, Any] = {
        "deployment": deployment.id,
        "target": deployment.target.name,
        "outcome": outcome,
        "reason": reason,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "commit": {"id": commit.id, "subject": commit.subject, "dirty": commit.dirty} if commit else None,
        "backup": backup
        and backup.info.as_dict() | {"engine": backup.engine, "proof": backup.proof.as_dict()},
        "migration": deployment.migration and deployment.migration.as_dict(),
        "application": (deployment.application.found or None) if deployment.application else None,
        "validation": deployment.validation and deployment.validation.as_dict(),
        "health": deployment.health and deployment.health.as_dict(),
        "rollback": deployment.rollback and deployment.rollback.as_dict(),
        "error": deployment.error and deployment.error.as_dict(),
        "timings": {name: round(seconds, 3) for name, seconds in deployment.timings.items()},
    }
    clean = redact_value(record)
    assert isinstance(clean, dict)
    return clean


def write(deployment: Deployment, outcome: str, reason: str | None = None) -> Path:
    """Store the evidence under `<storage>/releases/`; returns its path."""
    folder = deployment.target.storage / "releases"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{deployment.id}.json"
    text = json.dumps(evidence(deployment, outcome, reason), indent=2, ensure_ascii=False, default=str)
    write_durably(path, text.encode())
    return path


@dataclass(frozen=True)
class Size:
    """How large the database was after one release."""

    at: datetime
    database_bytes: int


def sizes_after_releases(storage: Path, target: str, last: int) -> list[Size]:
    """The newest `last` of them, oldest first. Files that no dbsync wrote are passed over."""
    sizes: list[Size] = []
    for path in sorted((storage / "releases").glob("*.json"), reverse=True)[: 4 * last]:
        try:
            record = json.loads(path.read_bytes())
            if record["target"] == target and record["outcome"] == "released":
                found = int(record["health"]["database"]["database_bytes"])
                sizes.append(Size(datetime.fromisoformat(record["at"]), found))
        except (ValueError, KeyError, TypeError):
            continue  # a release of before this was written down, too
        if len(sizes) == last:
            break
    return sizes[::-1]
