"""Whether a column's values survive a change of its type: as Prisma judges it.

None: no change. "safe": MODIFY. "risky": MODIFY with a warning. "never": MySQL has no such
cast, and Prisma drops the column and adds it anew.
"""

from __future__ import annotations

import re
from typing import Literal

Cast = Literal["safe", "risky", "never"] | None

_TYPE = re.compile(r"([a-z]+)(?: precision)?(?:\(([^)]*)\))?( unsigned)?")
_ALIASES = {
    "integer": "Int",
    "boolean": "TinyInt",
    "numeric": "Decimal",
    "bool": "TinyInt",
}
_NAMES = (
    *("TinyInt", "SmallInt", "MediumInt", "Int", "BigInt", "Decimal", "Float", "Double", "Bit"),
    *("Char", "VarChar", "Binary", "VarBinary", "TinyBlob", "Blob", "MediumBlob", "LongBlob"),
    *("TinyText", "Text", "MediumText", "LongText", "Date", "Time", "DateTime", "Timestamp", "Year", "Json"),
)
_SPELLED = {name.lower(): name for name in _NAMES} | _ALIASES
_TEXTS = {"TinyText", "Text", "MediumText", "LongText"}
_BLOBS = {"TinyBlob", "Blob", "MediumBlob", "LongBlob"}
_SIZED = {"Char", "VarChar", "Binary", "VarBinary"}
_STRINGS = _TEXTS | _BLOBS | _SIZED
_SIGNED = {"TinyInt", "SmallInt", "MediumInt", "Int", "BigInt"}
_UNSIGNED = {f"Unsigned{name}" for name in _SIGNED}
_NUMBERS = _SIGNED | _UNSIGNED | {"Float", "Double"}
_MOMENTS = {"Date", "DateTime", "Timestamp"}

_SAFE = {
    "Binary": _STRINGS | {"Decimal", "Double", "Float", "MediumInt"},
    "Bit": (_STRINGS - {"Binary"}) | (_SIGNED - {"BigInt"}) | (_UNSIGNED - {"UnsignedBigInt"}) | {"Year"},
    "Char": _TEXTS | _BLOBS,
    "VarChar": _TEXTS | _BLOBS,
    "Date": _STRINGS
    | {"Bit", "DateTime", "BigInt", "UnsignedBigInt", "Int", "UnsignedInt", "Decimal", "Float", "Double"},
    "DateTime": _STRINGS | {"BigInt", "UnsignedBigInt", "Timestamp", "Time", "Date"},
    "Timestamp": _STRINGS | {"BigInt", "UnsignedBigInt", "DateTime", "Time", "Date"},
    "Decimal": _STRINGS,
    "Double": _NUMBERS | _TEXTS | _BLOBS | {"Decimal", "Json", "Year", "Time"},
    "Float": _NUMBERS | _TEXTS | _BLOBS | {"Decimal", "Json", "Year", "Time"},
    "BigInt": _STRINGS | {"Bit", "Float", "Double", "Time"},
    "Int": _STRINGS | {"BigInt"},
    "MediumInt": _STRINGS | {"BigInt"},
    "SmallInt": {"MediumInt", "Int", "BigInt", "Time"},
    "TinyInt": {"SmallInt", "MediumInt", "Int", "BigInt", "Time"},
    "Json": _STRINGS,
    "TinyBlob": _BLOBS,
    "Blob": _BLOBS,
    "MediumBlob": _BLOBS,
    "LongBlob": _BLOBS,
    "VarBinary": {"Blob", "MediumBlob", "LongBlob"},
    "TinyText": _STRINGS - {"TinyBlob"},
    "Text": _STRINGS - {"TinyBlob", "TinyText"},
    "MediumText": _STRINGS - {"TinyBlob", "TinyText"},
    "LongText": _STRINGS - {"TinyBlob", "TinyText"},
    "Time": _STRINGS | _NUMBERS | {"Decimal", "Bit"},
    "UnsignedSmallInt": {"UnsignedInt", "UnsignedMediumInt", "UnsignedBigInt"},
    "UnsignedTinyInt": {"UnsignedInt", "UnsignedMediumInt", "UnsignedBigInt", "UnsignedSmallInt"},
    "Year": _STRINGS | (_NUMBERS - {"TinyInt", "UnsignedTinyInt"}) | {"Bit"},
}
_INTEGERS_NEVER = _MOMENTS | {"Time", "Json"}
_BYTES_NEVER = _NUMBERS | _MOMENTS | {"Decimal", "Json", "Time", "Year"}
_WHEN_NEVER = _MOMENTS | {"Json", "Decimal"}
_MOMENT_NEVER = (_NUMBERS - {"BigInt", "UnsignedBigInt"}) | {"Bit", "Decimal", "Json", "Year"}
_NEVER = {
    "BigInt": _MOMENTS | {"Json", "Decimal"},
    "Binary": _MOMENTS | {"Json"},
    "Bit": _MOMENTS | {"Time", "Json", "Binary"},
    "Date": {
        *("TinyInt", "UnsignedTinyInt", "Year", "SmallInt", "MediumInt", "Time", "Timestamp", "Json"),
        *("UnsignedMediumInt", "UnsignedSmallInt"),
    },
    "DateTime": _MOMENT_NEVER,
    "Timestamp": _MOMENT_NEVER,
    "Decimal": _MOMENTS,
    "Double": _MOMENTS | {"Bit"},
    "Float": _MOMENTS | {"Bit"},
    "Int": _INTEGERS_NEVER,
    "MediumInt": _INTEGERS_NEVER,
    "Json": _NUMBERS | _MOMENTS | {"Decimal", "Bit", "Time", "Year"},
    "TinyBlob": _BYTES_NEVER,
    "Blob": _BYTES_NEVER,
    "MediumBlob": _BYTES_NEVER,
    "LongBlob": _BYTES_NEVER,
    "VarBinary": _BYTES_NEVER,
    "SmallInt": _WHEN_NEVER,
    "TinyInt": _WHEN_NEVER,
    **{name: _WHEN_NEVER for name in _UNSIGNED},
    "Time": {"Json", "Year"},
    "Year": {"Date", "DateTime", "Time", "TinyInt", "Timestamp", "UnsignedTinyInt"},
}


def native(type_: str) -> tuple[str, tuple[int, ...]] | None:
    """("VarChar", (191,)) of `varchar(191)`, in either Prisma's or the server's spelling; None for others."""
    match = _TYPE.fullmatch(type_.lower().replace(" zerofill", ""))
    if match is None or match[1] not in _SPELLED:
        return None
    name = _SPELLED[match[1]]
    sizes = tuple(int(one) for one in (match[2] or "").split(",") if one.strip().isdigit())
    if name in _SIGNED or name in ("Float", "Double", "Year"):
        sizes = ()  # display widths are not part of the type
    if name in ("DateTime", "Timestamp", "Time"):
        sizes = sizes or (0,)
    if name == "Bit":
        sizes = sizes or (1,)
    if name == "Decimal":
        sizes = (*sizes, *(10, 0)[len(sizes) :])
    return ("Unsigned" + name if match[3] and name in _SIGNED else name), sizes


def enum_values(type_: str) -> list[str] | None:
    """Of `ENUM('a', 'b')` in either spelling."""
    if not re.match(r"enum\(", type_, re.IGNORECASE):
        return None
    return [one.replace("''", "'") for one in re.findall(r"'((?:[^']|'')*)'", type_)]


def cast(previous: str, wanted: str) -> Cast:
    """What changing a column from one type to the other does."""
    one, other = enum_values(previous), enum_values(wanted)
    if one is not None and other is not None:
        if one == other:
            return None
        return "safe" if set(one) <= set(other) else "risky"
    if one is not None or other is not None:
        return "risky"
    a, b = native(previous), native(wanted)
    if a is None or b is None:
        return None if previous.lower() == wanted.lower() else "risky"
    return None if a == b else _between(*a, *b)


def shown(type_: str) -> str:
    """As Prisma's warnings name it."""
    if enum_values(type_) is not None:
        return "Enum(EnumId(0))"
    found = native(type_)
    if found is None:
        return f'Unsupported("{type_}")'
    name, sizes = found
    return name + (f"({','.join(map(str, sizes))})" if sizes else "")


def _between(a: str, n: tuple[int, ...], b: str, m: tuple[int, ...]) -> Cast:
    size, other = (n or (0,))[0], (m or (0,))[0]
    if a == b:
        if a == "Time":
            return "safe"
        return "safe" if a != "Decimal" and other > size else "risky"
    if a in ("Char", "VarChar") and b in _SIZED:
        return "safe" if other >= size else "risky"
    if a == "VarBinary" and b == "Binary":
        return "safe" if other > size else "risky"
    if a in ("Float", "Double") and b in _SIZED:
        return "risky" if other >= 32 else "never"
    fits = {
        "Int": 32,
        "MediumInt": 32,
        "Float": 32,
        "Double": 64,
        "DateTime": 64,
        "Timestamp": 64,
        "Binary": size * 8,
    }
    if b == "Bit" and a in fits and (other == 64 if fits[a] == 64 else other >= fits[a]):
        return "safe"
    if a == "Bit" and b in ("BigInt", "UnsignedBigInt"):
        return "safe" if size == 64 else "risky"
    if a == "Bit" and b == "Binary":
        return "safe" if size >= 8 * other else "never"
    if a == "BigInt" and b == "Decimal":
        return "safe" if m[0] - m[1] >= 20 else "never"
    if b in _NEVER.get(a, ()):
        return "never"
    return "safe" if b in _SAFE.get(a, ()) else "risky"
