"""The blocks, fields and attributes of schema files that Prisma's own parser has found valid.

Prisma's parse leaves out what its client has no use for: ignored fields, Unsupported types and
the names of foreign keys. They are columns and keys all the same, so the text is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<space>[ \t\r\f\v]+|\\\n)|(?P<line>\n)"
    r'|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[^\W\d][\w.-]*)|(?P<mark>@@|.)',
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}


@dataclass(frozen=True)
class Text:
    """A string literal, its escapes resolved."""

    text: str


@dataclass(frozen=True)
class Word:
    """A bare name or a number, as it was written."""

    text: str


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Argument, ...]


Value = Text | Word | Call | list["Value"]


@dataclass(frozen=True)
class Argument:
    name: str
    """Empty where it is given by its place."""
    value: Value


@dataclass(frozen=True)
class Attribute:
    name: str
    """Without the signs: `id`, `db.VarChar`."""
    arguments: tuple[Argument, ...] = ()

    def get(self, name: str, *, unnamed: bool = False) -> Value | None:
        """The argument of that name; `unnamed`: or the first one that has none."""
        for argument in self.arguments:
            if argument.name == name or (unnamed and not argument.name):
                return argument.value
        return None

    def text(self, name: str, *, unnamed: bool = False) -> str | None:
        found = self.get(name, unnamed=unnamed)
        return found.text if isinstance(found, Text | Word) else None


@dataclass(frozen=True)
class Field:
    """kind: "" for a required one, "?" or "[]". `unsupported`: the database's own words for the type."""

    name: str
    type: str
    kind: str = ""
    unsupported: str | None = None
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> Attribute | None:
        return next((one for one in self.attributes if one.name == name), None)

    @property
    def column(self) -> str:
        mapped = self.attribute("map")
        return (mapped.text("name", unnamed=True) if mapped else None) or self.name


@dataclass
class Block:
    """kind: model, enum, view, datasource, …; a setting of a datasource is no field and is left out."""

    kind: str
    name: str
    fields: list[Field] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)

    @property
    def table(self) -> str:
        """The name in the database."""
        mapped = next((one for one in self.attributes if one.name == "map"), None)
        return (mapped.text("name", unnamed=True) if mapped else None) or self.name

    def field(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)


def read_blocks(text: str) -> list[Block]:
    """Every block with braces, in the order of the text."""
    return list(_Reader(text).blocks())


class _Reader:
    def __init__(self, text: str) -> None:
        found = ((match.lastgroup or "", match[0]) for match in _TOKEN.finditer(text))
        self.tokens = [token for token in found if token[0] not in ("comment", "space")]
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1][1] if self.place <= len(self.tokens) else ""

    def skip_lines(self) -> None:
        while self.peek() == "\n":
            self.take()

    def blocks(self) -> Iterator[Block]:
        while self.place < len(self.tokens):
            kind = self.take()
            if not kind[0].isalpha():
                continue
            name = self.take()
            if self.peek() != "{":
                continue
            self.take()
            yield self.block(Block(kind, name))

    def block(self, block: Block) -> Block:
        while (token := self.take()) not in ("}", ""):
            if token == "@@":
                block.attributes.append(self.attribute())
            elif block.kind in ("datasource", "generator"):
                self.rest_of_line()
            elif token[0].isalpha() or token[0] == "_":
                block.fields.append(self.field(token, has_type=block.kind != "enum"))
            else:
                continue
        return block

    def rest_of_line(self) -> None:
        while self.peek() not in ("\n", "}", ""):
            self.take()

    def field(self, name: str, *, has_type: bool) -> Field:
        kind, unsupported, typ = "", None, ""
        if has_type:
            typ = self.take()
            if self.peek() == "(":
                given = self.arguments()
                unsupported = given[0].value.text if isinstance(given[0].value, Text) else ""
            if self.peek() == "?":
                kind = self.take()
            elif self.peek() == "[":
                self.take(), self.take()
                kind = "[]"
        attributes: list[Attribute] = []
        while self.peek() == "@":
            self.take()
            attributes.append(self.attribute())
        return Field(name, typ, kind, unsupported, tuple(attributes))

    def attribute(self) -> Attribute:
        name = self.take()
        return Attribute(name, self.arguments() if self.peek() == "(" else ())

    def arguments(self) -> tuple[Argument, ...]:
        self.take()
        found: list[Argument] = []
        self.skip_lines()
        while self.peek() not in (")", ""):
            name = ""
            if self.place + 1 < len(self.tokens) and self.tokens[self.place + 1][1] == ":":
                name = self.take()
                self.take()
            self.skip_lines()
            found.append(Argument(name, self.value()))
            self.skip_separators()
        self.take()
        return tuple(found)

    def skip_separators(self) -> None:
        while self.peek() in ("\n", ","):
            self.take()

    def value(self) -> Value:
        kind, text = self.tokens[self.place]
        self.place += 1
        if kind == "text":
            return Text(_unescaped(text[1:-1]))
        if text == "[":
            found: list[Value] = []
            self.skip_separators()
            while self.peek() not in ("]", ""):
                found.append(self.value())
                self.skip_separators()
            self.take()
            return found
        if self.peek() == "(":
            return Call(text, self.arguments())
        return Word(text)


def words(value: Value | None) -> Sequence[Value]:
    """A list's members; of anything else, itself."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(one, text)
