"""Sets of global transaction ids, as `@@gtid_executed` prints them: `uuid:1-9:12:tag:1-3,uuid2:7`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INTERVAL = re.compile(r"(\d+)(?:-(\d+))?")
_TAG = re.compile(r"[a-z_][a-z0-9_]{0,31}")

Source = tuple[str, str]
"""(server uuid, tag); the tag is "" for most transactions."""


class GtidSet:
    """Which transactions of which servers. Memory grows with the gaps, not with the transactions."""

    def __init__(self) -> None:
        self._intervals: dict[Source, list[list[int]]] = {}
        """Sorted, apart from each other, [first, last]."""

    @classmethod
    def parse(cls, text: str) -> GtidSet:
        """Raises ValueError for what is no GTID set. The empty text is the empty set."""
        found = cls()
        for part in filter(None, (part.strip() for part in text.split(","))):
            uuid, *pieces = (piece.strip().lower() for piece in part.split(":"))
            if not _UUID.fullmatch(uuid) or not pieces:
                raise ValueError(f"{part[:80]!r} is not like 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-57")
            tag = ""
            for piece in pieces:
                if interval := _INTERVAL.fullmatch(piece):
                    first, last = int(interval[1]), int(interval[2] or interval[1])
                    if not 1 <= first <= last < 1 << 63:
                        raise ValueError(f"{piece!r} is no range of transaction numbers")
                    found.add((uuid, tag), first, last)
                elif _TAG.fullmatch(piece):
                    tag = piece
                else:
                    raise ValueError(f"{piece[:40]!r} is neither a number, a range, nor a tag")
        return found

    def add(self, source: Source, first: int, last: int | None = None) -> None:
        last = first if last is None else last
        intervals = self._intervals.setdefault(source, [])
        if intervals and first == intervals[-1][1] + 1:  # the usual case: one after the other
            intervals[-1][1] = last
            return
        place = bisect_right(intervals, first, key=lambda one: one[0])
        if place and intervals[place - 1][1] >= first - 1:
            place -= 1
            first = intervals[place][0]
        end = place
        while end < len(intervals) and intervals[end][0] <= last + 1:
            last = max(last, intervals[end][1])
            end += 1
        intervals[place:end] = [[first, last]]

    def update(self, other: GtidSet) -> None:
        for source, first, last in other.intervals():
            self.add(source, first, last)

    def intervals(self) -> Iterator[tuple[Source, int, int]]:
        for source in sorted(self._intervals):
            for first, last in self._intervals[source]:
                yield source, first, last

    def has(self, source: Source, number: int) -> bool:
        intervals = self._intervals.get(source, [])
        place = bisect_right(intervals, number, key=lambda one: one[0])
        return bool(place) and intervals[place - 1][1] >= number

    def minus(self, other: GtidSet) -> GtidSet:
        left = GtidSet()
        for source, first, last in self.intervals():
            for cut_first, cut_last in other._intervals.get(source, []):
                if cut_last < first or cut_first > last:
                    continue
                if first < cut_first:
                    left.add(source, first, cut_first - 1)
                first = cut_last + 1
            if first <= last:
                left.add(source, first, last)
        return left

    def copy(self) -> GtidSet:
        same = GtidSet()
        same.update(self)
        return same

    def __le__(self, other: GtidSet) -> bool:
        """Whether every transaction of this set is in the other one."""
        return not self.minus(other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GtidSet) and list(self.intervals()) == list(other.intervals())

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __len__(self) -> int:
        return sum(last - first + 1 for _, first, last in self.intervals())

    def __bool__(self) -> bool:
        return any(self._intervals.values())

    def __str__(self) -> str:
        servers: dict[str, str] = {}
        tags: dict[str, str] = {}
        for (uuid, tag), first, last in self.intervals():
            if tags.get(uuid, "") != tag:
                servers[uuid] = f"{servers.get(uuid, uuid)}:{tag}"
            tags[uuid] = tag
            number = str(first) if first == last else f"{first}-{last}"
            servers[uuid] = f"{servers.get(uuid, uuid)}:{number}"
        return ",".join(servers.values())

    def __repr__(self) -> str:
        return f"GtidSet({str(self)!r})"


def gtid_text(source: Source, number: int) -> str:
    uuid, tag = source
    return f"{uuid}:{tag}:{number}" if tag else f"{uuid}:{number}"
