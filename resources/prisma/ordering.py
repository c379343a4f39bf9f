"""The order in which Prisma applies migrations: by name, as JavaScript's `localeCompare` sorts.

Prisma before 6.6 sorted by bytes. The two agree for names that begin with Prisma's
own 14-digit timestamp; where they do not, two versions of Prisma build different
databases from one folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

# ICU's root order of printable ASCII (Unicode CLDR), as Node sorts it. A letter's two
# cases share one weight, so case decides only between names that are equal otherwise.
_PRIMARY_ORDER = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"
_WEIGHT = {character: weight for weight, character in enumerate(_PRIMARY_ORDER)}


def prisma_key(name: str) -> tuple[list[int], list[bool], str]:
    """Sort key of a migration's name in Prisma 6.6 and later.

    Exact for ASCII. Other characters sort after `z` by code point, which need not be
    what ICU does: `is_certain` tells whether that matters for two names.
    """
    return (
        [_WEIGHT.get(character.lower(), len(_WEIGHT) + ord(character)) for character in name],
        [character.isupper() for character in name],
        name,
    )


def byte_key(name: str) -> bytes:
    """Sort key of a migration's name in Prisma before 6.6."""
    return name.encode()


def is_certain(first: str, second: str) -> bool:
    """Whether the order of two names is settled before any character outside ASCII."""
    for one, other in zip(first, second, strict=False):
        if not (one.isascii() and other.isascii()):
            return False
        if one.lower() != other.lower():
            return True
    return first.isascii() and second.isascii()


def ambiguous_pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs (in Prisma's present order) that older versions of Prisma would apply the other way round."""
    ordered = sorted(names, key=prisma_key)
    if ordered == sorted(ordered, key=byte_key) and all(name.isascii() for name in ordered):
        return []  # the usual case, without comparing every pair
    return [
        (first, second)
        for first, second in combinations(ordered, 2)
        if byte_key(first) > byte_key(second) or not is_certain(first, second)
    ]
