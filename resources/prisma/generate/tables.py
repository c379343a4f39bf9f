"""From the blocks of the schema files to the tables they stand for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from resources.errors import MigrationsFolderError
from resources.prisma.generate.datamodel import Column, Datamodel, ForeignKey, Index, KeyPart, Table
from resources.prisma.generate.names import foreign_key_name, index_name, unique_name
from resources.prisma.generate.relations import pairs
from resources.prisma.generate.syntax import (
    Attribute,
    Block,
    Call,
    Field,
    Text,
    Value,
    Word,
    words,
)
from resources.prisma.generate.types import (
    SCALARS,
    column_type,
    default_of,
    filled_by_client,
    is_auto_increment,
)

_ACTIONS = {
    "Cascade": "CASCADE",
    "Restrict": "RESTRICT",
    "NoAction": "NO ACTION",
    "SetNull": "SET NULL",
    "SetDefault": "SET DEFAULT",
}
# Prisma numbers keys so: fields' own, then these, whatever the order in the file.
_KINDS = {"index": "", "unique": "UNIQUE", "fulltext": "FULLTEXT"}


def datamodel(blocks: Sequence[Block], *, foreign_keys: bool = True) -> Datamodel:
    """Views are left out, as Prisma Migrate does; ignored models and fields are not.

    foreign_keys: False for `relationMode = "prisma"`. Raises MigrationsFolderError for `@@schema`.
    """
    models = {block.name: block for block in blocks if block.kind == "model"}
    views = {block.name for block in blocks if block.kind == "view"}
    enums = {block.name: block for block in blocks if block.kind == "enum"}
    tables: dict[str, Table] = {}
    for model in models.values():
        if any(attribute.name == "schema" for attribute in model.attributes):
            raise MigrationsFolderError(
                f"model {model.name} has @@schema, which Prisma Migrate does not know on MySQL",
                why="on MySQL a schema is a database of its own",
                hint="take @@schema out, or give that database a Prisma schema of its own",
            )
        tables[model.table] = _table(model, models.keys() | views, enums)
    keys = [(table, key) for table, key in _foreign_keys(models)]
    for name, first, second in pairs(models):
        tables[name] = _join_table(name, models[first], models[second], enums)
        for column, model in (("A", models[first]), ("B", models[second])):
            reference = _id_field(model).column
            key_name = foreign_key_name(name, [column])
            key = ForeignKey(key_name, (column,), model.table, (reference,), "CASCADE", "CASCADE")
            keys.append((name, key))
    return Datamodel(tables, tuple(keys) if foreign_keys else ())


def _table(model: Block, related: Collection[str], enums: Mapping[str, Block]) -> Table:
    """related: the names of models and views, whose fields are no columns."""
    table = Table(model.table, model.name)
    for field in model.fields:
        if field.type not in related and field.kind != "[]":
            table.columns[field.column] = _column(field, enums)
    for field in model.fields:
        if attribute := field.attribute("id"):
            table.primary_key = (_own_part(field, attribute),)
        if attribute := field.attribute("unique"):
            name = attribute.text("map") or unique_name(table.name, [field.column])
            table.indexes.append(Index(name, "UNIQUE", (_own_part(field, attribute),)))
    for attribute in model.attributes:
        if attribute.name == "id":
            table.primary_key = _parts(model, attribute)
    for written, kind in _KINDS.items():
        for attribute in model.attributes:
            if attribute.name == written:
                parts = _parts(model, attribute)
                columns = [part.column for part in parts]
                made = unique_name if kind == "UNIQUE" else index_name
                given = attribute.text("map")
                if written == "index":  # `name` was the database's name before Prisma 3, and still is
                    given = given or attribute.text("name")
                table.indexes.append(Index(given or made(table.name, columns), kind, parts))
    return table


def _column(field: Field, enums: Mapping[str, Block]) -> Column:
    if field.unsupported is None and field.type not in SCALARS and field.type not in enums:
        raise MigrationsFolderError(
            f"the type of the field {field.name} is not known: {field.type}",
            hint="npx prisma validate",
        )
    type_ = column_type(field, enums)
    default, any_default = default_of(field, type_, enums)
    return Column(
        field.column,
        type_,
        nullable=field.kind == "?",
        default=default,
        auto_increment=is_auto_increment(field),
        filled_by_client=filled_by_client(field),
        any_default=any_default,
        field=field.name,
    )


def _own_part(field: Field, attribute: Attribute) -> KeyPart:
    return KeyPart(field.column, _number(attribute.get("length")), _order(attribute.get("sort")))


def _parts(model: Block, attribute: Attribute) -> tuple[KeyPart, ...]:
    found: list[KeyPart] = []
    for one in words(attribute.get("fields", unnamed=True)):
        if isinstance(one, Call):
            given = {argument.name: argument.value for argument in one.arguments}
            part = KeyPart(
                model.field(one.name).column, _number(given.get("length")), _order(given.get("sort"))
            )
            found.append(part)
        elif isinstance(one, Word):
            found.append(KeyPart(model.field(one.text).column))
    return tuple(found)


def _number(value: Value | None) -> int | None:
    return int(value.text) if isinstance(value, Word) else None


def _order(value: Value | None) -> str | None:
    return value.text.upper() if isinstance(value, Word) else None


def _foreign_keys(models: Mapping[str, Block]) -> list[tuple[str, ForeignKey]]:
    found: list[tuple[str, ForeignKey]] = []
    for model in models.values():
        for field in model.fields:
            relation = field.attribute("relation")
            if field.type not in models or relation is None or relation.get("fields") is None:
                continue
            own = [model.field(_word(one)) for one in words(relation.get("fields"))]
            other = models[field.type]
            columns = tuple(one.column for one in own)
            required = any(one.kind == "" for one in own) or field.kind == ""
            key = ForeignKey(
                relation.text("map") or foreign_key_name(model.table, columns),
                columns,
                other.table,
                tuple(other.field(_word(one)).column for one in words(relation.get("references"))),
                _action(relation.text("onDelete")) or ("RESTRICT" if required else "SET NULL"),
                _action(relation.text("onUpdate")) or "CASCADE",
            )
            found.append((model.table, key))
    return found


def _action(name: str | None) -> str | None:
    return _ACTIONS[name] if name else None


def _word(value: Value) -> str:
    return value.text if isinstance(value, Word | Text) else ""


def _id_field(model: Block) -> Field:
    """Of a model in a many-to-many relation, which always has one of a single field."""
    for field in model.fields:
        if field.attribute("id"):
            return field
    whole = next(attribute for attribute in model.attributes if attribute.name == "id")
    return model.field(_word(words(whole.get("fields", unnamed=True))[0]))


def _join_table(name: str, first: Block, second: Block, enums: Mapping[str, Block]) -> Table:
    table = Table(name)
    for column, model in (("A", first), ("B", second)):
        table.columns[column] = Column(column, column_type(_id_field(model), enums))
    both = (KeyPart("A"), KeyPart("B"))
    table.indexes = [
        Index(f"{name}_AB_unique", "UNIQUE", both),
        Index(f"{name}_B_index", "", (KeyPart("B"),)),
    ]
    return table
