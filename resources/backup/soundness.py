"""Whether everything in the storage is as it was written, as far as that is seen without reading it all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from resources.backup.entry import Entry
from resources.backup.index import look
from resources.backup.manifest import FILES
from resources.backup.storage import abandoned
from resources.redact import inert

_SHOWN = 3


@dataclass(frozen=True)
class Soundness:
    backups: int
    """With a sound manifest."""
    damaged: Mapping[str, str]
    """id → what is wrong with its manifest."""
    not_whole: tuple[str, ...]
    """Backups with a file that is missing or has another length."""
    index: str
    """What is wrong with the index, or empty. It is rebuilt from the manifests by the next list."""
    leftovers: tuple[str, ...]
    """Of killed processes; the next backup removes them."""

    @property
    def is_sound(self) -> bool:
        return not (self.damaged or self.not_whole or self.index)

    def __str__(self) -> str:
        wrong = [
            f"the manifest of {name} is damaged ({inert(why)[:200]})" for name, why in self.damaged.items()
        ]
        wrong += [f"{name} lacks a file, or a part of one" for name in self.not_whole]
        wrong += [f"the index {self.index}"] if self.index else []
        if not wrong:
            return f"{self.backups} backups: manifests sound, files in full length, index in agreement"
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        return "; ".join(wrong[:_SHOWN]) + more


def soundness(storage: Path) -> Soundness:
    """By manifests and lengths; `dbsync backups verify ID` reads every byte of one."""
    found = look(storage)
    return Soundness(
        len(found.entries),
        found.damaged,
        tuple(one.id for one in found.entries if not _is_whole(one)),
        found.problem,
        tuple(left.name for left in abandoned(storage)),
    )


def _is_whole(entry: Entry) -> bool:
    """As many files as were stored, and as many bytes in all: no manifest has to be decoded for it."""
    sizes = [
        (Path(place) / name).stat().st_size
        for place, _, names in os.walk(Path(entry.file_path) / FILES)
        for name in names
    ]
    return (len(sizes), sum(sizes)) == (entry.files, entry.size)
