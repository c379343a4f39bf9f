"""The elements of one table, read from the server's canonical `SHOW CREATE TABLE` text.

The server writes one element per line (strings have their line ends escaped), in
a fixed form; so two elements are equal exactly when their lines are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_NAME = r"`((?:[^`]|``)+)`"
_KEY = re.compile(rf"(?:(UNIQUE|FULLTEXT|SPATIAL) )?KEY {_NAME} (.*)", re.DOTALL)
_FOREIGN_KEY = re.compile(rf"CONSTRAINT {_NAME} FOREIGN KEY (.*)", re.DOTALL)
_CHECK = re.compile(rf"CONSTRAINT {_NAME} CHECK (.*)", re.DOTALL)
_COLUMN = re.compile(rf"{_NAME} (.*)", re.DOTALL)
_PARTITION = re.compile(rf"\s*\(*\s*PARTITION (?!BY )(?:{_NAME}|(\S+)) ")
_OPTION = re.compile(r"((?:(?:DEFAULT|DATA|INDEX) )?[A-Z_]+)=('(?:[^'\\]|''|\\.)*'|\S+)")
_TABLESPACE = re.compile(rf"TABLESPACE {_NAME}")
_STRING = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.DOTALL)
_COLLATE = re.compile(r" COLLATE (\S+)")
_CHARSET = re.compile(r" CHARACTER SET (\S+)")
_TEXT_TYPE = re.compile(r"(?:var)?char\b|(?:tiny|medium|long)?text\b|enum\b|set\b")


@dataclass
class Table:
    """Element title (``column `email` ``) → its definition, in the table's own order."""

    elements: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    """Column name → definition as the server wrote it."""
    options: dict[str, str] = field(default_factory=dict)


def parse_table(create: str) -> Table:
    """The elements of one `SHOW CREATE TABLE` text. AUTO_INCREMENT counters are left out: they are data."""
    table = Table()
    lines = create.split("\n")
    end = next((i for i, line in enumerate(lines) if line.startswith(")")), len(lines))
    for line in lines[1:end]:
        title, definition = _element(line.strip().removesuffix(","))
        table.elements[title] = definition
        column = re.fullmatch(rf"column {_NAME}", title)
        if column:
            table.columns[unquoted(column[1])] = definition
    tail = lines[end:]
    if tail:
        table.options = {m[1]: m[2] for m in _OPTION.finditer(tail[0]) if m[1] != "AUTO_INCREMENT"}
        tablespace = _TABLESPACE.search(tail[0])
        if tablespace:
            table.options["TABLESPACE"] = tablespace[1]
        table.elements.update({f"option {name}": f"{name}={text}" for name, text in table.options.items()})
        table.elements.update(_partitions(tail[1:]))
    return table


def unquoted(name: str) -> str:
    return name.replace("``", "`")


def split_list(text: str) -> Iterator[str]:
    """The parts of a parenthesised list's inside, split at its own commas only.

    `text` begins behind the opening parenthesis; reading stops at its partner.
    """
    depth, part, quote, i = 0, "", "", 0
    while i < len(text):
        char = text[i]
        if quote:
            if char == "\\" and quote == "'":
                part += char
                i += 1
                char = text[i] if i < len(text) else ""
            elif char == quote:
                quote = ""
        elif char in "`'":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            if depth == 0:
                break
            depth -= 1
        elif char == "," and depth == 0:
            yield part.strip()
            part = ""
            i += 1
            continue
        part += char
        i += 1
    if part.strip():
        yield part.strip()


def with_effective_collation(definition: str, options: dict[str, str]) -> str:
    """A text column's definition with the collation it really has, in one spelling.

    The server prints a column's character set only where it was once written out or
    differs from the table's, so the same column can be printed in two ways.
    """
    if not _TEXT_TYPE.match(definition):
        return definition
    bare = _STRING.sub(lambda m: "'" + "\0" * (len(m[0]) - 2) + "'", definition)
    # `COLLATE` inside a generation expression is not the column's own.
    own = bare.split(" GENERATED ALWAYS")[0]
    collate, charset = _COLLATE.search(own), _CHARSET.search(own)
    if collate:
        effective = f" COLLATE {collate[1]}"
    elif charset:
        effective = f" CHARACTER SET {charset[1]}"
    elif "COLLATE" in options:
        effective = f" COLLATE {options['COLLATE']}"
    else:
        effective = f" CHARACTER SET {options.get('DEFAULT CHARSET', '')}"
    for match in sorted(filter(None, (collate, charset)), key=lambda m: m.start(), reverse=True):
        definition = definition[: match.start()] + definition[match.end() :]
    return definition + effective


def _element(line: str) -> tuple[str, str]:
    if line.startswith("PRIMARY KEY"):
        return "primary key", line
    for pattern, kind in ((_FOREIGN_KEY, "foreign key"), (_CHECK, "check"), (_COLUMN, "column")):
        match = pattern.match(line)
        if match:
            return f"{kind} `{match[1]}`", match[2] if kind == "column" else line
    match = _KEY.match(line)
    if match:
        return f"key `{match[2]}`", line
    return f"line {line}", line


def _partitions(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    method: list[str] = []
    for line in lines:
        text = re.sub(r"^/\*!\d+ | \*/$", "", line).strip()
        match = _PARTITION.match(text)
        if match:
            text = text.lstrip("(").rstrip(",")
            if text.count(")") > text.count("("):  # the list's own closing parenthesis
                text = text[:-1]
            found[f"partition `{match[1] or match[2]}`"] = text.strip()
        elif text:
            method.append(text)
    return ({"partitioning": "\n".join(method)} if method else {}) | found
