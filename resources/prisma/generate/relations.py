"""Many-to-many relations that have no model of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from resources.prisma.generate.syntax import Block, Field


def pairs(models: Mapping[str, Block]) -> Iterator[tuple[str, str, str]]:
    """(table, model of column A, model of column B), in the order of the schema."""
    seen: set[str] = set()
    for model in models.values():
        for field in model.fields:
            if field.kind != "[]" or field.type not in models:
                continue
            name = _relation_name(model, field)
            if name in seen or not _other_is_list(models[field.type], model, field, name):
                continue
            seen.add(name)
            first, second = sorted((model.name, field.type))
            yield f"_{name}", first, second


def _relation_name(model: Block, field: Field) -> str:
    relation = field.attribute("relation")
    given = relation.text("name", unnamed=True) if relation else None
    return given or "To".join(sorted((model.name, field.type)))


def _other_is_list(other: Block, model: Block, field: Field, name: str) -> bool:
    return any(
        one.type == model.name
        and one.kind == "[]"
        and not (other is model and one.name == field.name)
        and _relation_name(other, one) == name
        for one in other.fields
    )
