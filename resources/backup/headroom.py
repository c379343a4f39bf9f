"""For how many more backups there is room, if sizes and intervals go on as they were."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from resources.backup.entry import Entry
from resources.backup.room import SERVER_BYTES
from resources.target import Keep, Target

ENOUGH = 3
"""Backups for which there should be room."""
_RECENT = 10
"""Full backups that a trend is taken from."""
_FAR = 1000
"""Backups beyond which nobody looks ahead."""


@dataclass(frozen=True)
class Headroom:
    """Sizes in bytes."""

    free: int
    """On the disk of the storage."""
    used: int
    """By the backups that are there."""
    next_size: int
    """Of the next full backup and the increments that usually follow it, as stored."""
    scratch: int
    """Of the private copy, while a backup is made; on the same disk or another."""
    growth: float
    """By which one full backup is larger than the one before, on average; may be negative."""
    fits: int
    """Further backups that have room, old ones leaving by the rules; _FAR means no end in sight."""
    days: float | None
    """How long that lasts at the usual interval; None where there is none yet, or no end in sight."""
    short_of: Path | None = None
    """The disk on which not even the next one has room."""

    @property
    def is_enough(self) -> bool:
        return self.fits >= ENOUGH

    def __str__(self) -> str:
        if self.short_of:
            need = f"{self.next_size / 1e6:.1f} MB stored and {self.scratch / 1e6:.1f} MB of scratch"
            return f"no room for another backup at {self.short_of}; it takes about {need}"
        if self.fits >= _FAR:
            many = "no end in sight"
        else:
            lasting = f", about {self.days:.0f} days" if self.days is not None else ""
            many = f"room for {self.fits} more{lasting}"
        taken = f"the next backup takes about {self.next_size / 1e6:.1f} MB"
        return f"{self.free / 1e9:.2f} GB free, {taken}: {many}"


def headroom(target: Target, entries: Sequence[Entry]) -> Headroom | None:
    """None before the first full backup: nothing is known of its size."""
    ours = [one for one in entries if one.database == target.database]
    fulls = [one for one in ours if one.type == "full"]
    if not fulls:
        return None
    recent = fulls[-_RECENT:]
    growth = (recent[-1].size - recent[0].size) / (len(recent) - 1) if len(recent) > 1 else 0.0
    chains = _chain_sizes(fulls, ours)
    increments = fmean(chain - full.size for chain, full in zip(chains, fulls, strict=True))
    next_size = int(max(recent[-1].size, recent[-1].size + growth) + increments)
    scratch = recent[-1].plain_size + SERVER_BYTES
    storage, state = _existing(target.storage), _existing(target.state)
    free = shutil.disk_usage(storage).free
    same_disk = storage.stat().st_dev == state.stat().st_dev
    fits = _fits(free - (scratch if same_disk else 0), next_size, growth, chains, _kept(target.keep))
    short_of = storage if fits == 0 else None
    if not same_disk and shutil.disk_usage(state).free < scratch:
        fits, short_of = 0, state
    interval = (recent[-1].made - recent[0].made).total_seconds() / max(1, len(recent) - 1)
    days = fits * interval / 86400 if interval > 0 and fits < _FAR else None
    used = sum(one.size for one in entries)
    return Headroom(free, used, next_size, scratch, growth, fits, days, short_of)


def _fits(free: float, size: float, growth: float, chains: Sequence[int], kept: int) -> int:
    """Backups that are made one after the other until one has no room. The oldest leaves after each."""
    stored: list[float] = list(chains)
    for number in range(_FAR):
        if size > free:
            return number
        stored.append(size)
        free -= size
        while len(stored) > kept:
            free += stored.pop(0)
        size = max(0.0, size + growth)
    return _FAR


def _chain_sizes(fulls: Sequence[Entry], ours: Sequence[Entry]) -> list[int]:
    """Of each full backup together with the increments made before the next one."""
    ends = [*(full.id for full in fulls[1:]), "~"]
    return [
        full.size + sum(one.size for one in ours if one.type != "full" and full.id < one.id < end)
        for full, end in zip(fulls, ends, strict=True)
    ]


def _kept(keep: Keep) -> int:
    """Full backups that all rules together may keep; what a day and a week share counts twice."""
    return max(1, keep.last, keep.min_proven) + keep.daily + keep.weekly + keep.monthly


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists: it will be made there."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())
