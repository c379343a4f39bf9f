"""Column types as Prisma prints them, and defaults."""

from __future__ import annotations

from collections.abc import Mapping

from resources.prisma.generate.syntax import Block, Call, Field, Text, Value, Word

_BY_SCALAR = {
    "String": "VARCHAR(191)",
    "Boolean": "BOOLEAN",
    "Int": "INTEGER",
    "BigInt": "BIGINT",
    "Float": "DOUBLE",
    "Decimal": "DECIMAL(65, 30)",
    "DateTime": "DATETIME(3)",
    "Json": "JSON",
    "Bytes": "LONGBLOB",
}
SCALARS = frozenset(_BY_SCALAR)
_TIMES = ("DateTime", "Timestamp", "Time")


def column_type(field: Field, enums: Mapping[str, Block]) -> str:
    """`VARCHAR(191)`, `ENUM('a', 'b')`, `INTEGER UNSIGNED`, or what an Unsupported field says."""
    if field.unsupported is not None:
        return field.unsupported
    if field.type in enums:
        return f"ENUM({', '.join(_quoted(one.column) for one in enums[field.type].fields)})"
    native = next((one for one in field.attributes if one.name.startswith("db.")), None)
    if native is None:
        return _BY_SCALAR[field.type]
    name = native.name.removeprefix("db.")
    given = ", ".join(one.value.text for one in native.arguments if isinstance(one.value, Word | Text))
    if name == "TinyInt" and field.type == "Boolean":
        return "BOOLEAN"
    unsigned = name.startswith("Unsigned")
    word = {"INT": "INTEGER"}.get(
        name.removeprefix("Unsigned").upper(), name.removeprefix("Unsigned").upper()
    )
    return word + (f"({given})" if given else "") + (" UNSIGNED" if unsigned else "")


def default_of(field: Field, type_: str, enums: Mapping[str, Block]) -> tuple[str | None, bool]:
    """(SQL expression or None, whether the database's own default is not to be compared)."""
    attribute = field.attribute("default")
    value = attribute.get("value", unnamed=True) if attribute else None
    if value is None:
        return None, field.type == "Json"
    if isinstance(value, Call):
        return _called(value, field, type_)
    if field.type == "Json" or field.type == "Bytes":
        return None, True  # MySQL has no such literals as defaults, and Prisma writes none
    if field.type in enums:
        return _quoted(_enum_value(enums[field.type], value)), False
    text = _literal(value)
    if field.type == "DateTime":
        return _quoted(_rfc3339(text)), True
    return (_quoted(text) if isinstance(value, Text) and field.type == "String" else text), False


def _called(value: Call, field: Field, type_: str) -> tuple[str | None, bool]:
    if value.name == "now":
        precision = type_.partition("(")[2].rstrip(")")
        return f"CURRENT_TIMESTAMP({precision or (0 if type_ in ('DATETIME', 'TIMESTAMP') else 3)})", False
    if value.name == "dbgenerated":
        said = value.arguments[0].value if value.arguments else None
        if not isinstance(said, Text) or not said.text or field.type == "Json":
            return None, True
        return said.text, False
    return None, False


def filled_by_client(field: Field) -> bool:
    attribute = field.attribute("default")
    value = attribute.get("value", unnamed=True) if attribute else None
    if isinstance(value, Call):
        return value.name in ("uuid", "cuid", "nanoid", "ulid")
    return field.attribute("updatedAt") is not None


def is_auto_increment(field: Field) -> bool:
    attribute = field.attribute("default")
    value = attribute.get("value", unnamed=True) if attribute else None
    return isinstance(value, Call) and value.name == "autoincrement"


def _enum_value(enum: Block, value: Value) -> str:
    name = _literal(value)
    return next((one.column for one in enum.fields if one.name == name), name)


def _literal(value: Value) -> str:
    return value.text if isinstance(value, Text | Word) else ""


def _rfc3339(text: str) -> str:
    return text[:-1] + "+00:00" if text.endswith("Z") else text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
