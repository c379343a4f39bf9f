"""What differs between two schemas, element by element.

Order of keys and constraints and AUTO_INCREMENT counters are cosmetic; the order
of columns is not (`INSERT` without a column list, `SELECT *`, row events).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import unified_diff
from typing import Literal

from resources.mysql.connection import quoted
from resources.mysql.schema import HISTORY_TABLE, Schema
from resources.redact import inert
from resources.validation.create_table import Table, parse_table, with_effective_collation

Kind = Literal["missing", "unexpected", "different"]
COLUMN_ORDER = "column order"
_DEFAULTS = ("option COLLATE", "option DEFAULT CHARSET")
# Who created an object differs between servers by nature, and so does the moment an event was created.
_DEFINER = re.compile(r" DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`")
_EVENT_TIME = re.compile(r" (STARTS|ON SCHEDULE AT) '[^']*'")
_ONE_TIME_EVENT = re.compile(r" ON SCHEDULE AT '[^']*' ON COMPLETION NOT PRESERVE ")
_REFERENCES = re.compile(r"REFERENCES (`(?:[^`]|``)+`(?:\.`(?:[^`]|``)+`)?)")


@dataclass(frozen=True)
class Difference:
    """One element that is not as expected. `element` is "" where the whole object is meant.

    kind: "missing" (expected, not there), "unexpected" (there, not expected) or "different".
    expected, actual: the server's own text; None where there is none.
    """

    kind: Kind
    object: str
    element: str
    expected: str | None
    actual: str | None

    def __str__(self) -> str:
        return inert(f"{self.object}{', ' + self.element if self.element else ''}: {self.kind}")

    def as_dict(self) -> dict[str, str | None]:
        return asdict(self)

    @property
    def diff(self) -> str:
        """The two texts as a unified diff."""
        lines = unified_diff(
            (self.expected or "").splitlines(),
            (self.actual or "").splitlines(),
            "expected",
            "actual",
            lineterm="",
            n=2,
        )
        return "\n".join(lines)

    def is_as_accepted(self, accepted: Sequence[Difference]) -> bool:
        """Whether a person accepted this one before the release changed what is expected."""
        return any(
            (self.kind, self.object, self.element) == (other.kind, other.object, other.element)
            # A migration that adds a column changes both lists of an accepted column order.
            and (self.element == COLUMN_ORDER or self.actual == other.actual)
            for other in accepted
        ) or self._follows_its_table(accepted)

    def _follows_its_table(self, accepted: Sequence[Difference]) -> bool:
        """Whether the column differs only as the default collation does that was accepted of its table."""
        if not self.element.startswith("column ") or self.expected is None or self.actual is None:
            return False
        of_table = [one for one in accepted if one.object == self.object and one.element in _DEFAULTS]
        if not of_table:
            return False
        expected = _less_default(self.expected, [one.expected for one in of_table])
        actual = _less_default(self.actual, [one.actual for one in of_table])
        return expected is not None and expected == actual


def _less_default(definition: str, options: Sequence[str | None]) -> str | None:
    """A column's definition without its collation, None where that is not the one `options` say."""
    said = dict(text.split("=", 1) for text in options if text)
    default = with_effective_collation("text", said).removeprefix("text")
    effective = with_effective_collation(definition, said)
    return effective.removesuffix(default) if effective.endswith(default) else None


def compare(expected: Schema, actual: Schema, *, lower_case_table_names: int = 0) -> list[Difference]:
    """Every difference, tables first, each in name order. `_prisma_migrations` is left out.

    lower_case_table_names: the target's; 1 and 2 compare table names without case.
    """
    fold = lower_case_table_names != 0
    found: list[Difference] = []
    for name, one, other in _pairs(expected.tables, actual.tables, fold):
        if name.lower() == HISTORY_TABLE:
            continue
        title = f"table {quoted(name)}"
        if one is None or other is None:
            found.append(_whole(title, one, other))
        else:
            found.extend(_table_differences(title, one, other, fold))
    for kind, title in (("views", "view"), ("routines", ""), ("triggers", "trigger"), ("events", "event")):
        folded_kind = fold and kind == "views"
        for name, one, other in _pairs(getattr(expected, kind), getattr(actual, kind), folded_kind):
            if _comparable(one, fold) == _comparable(other, fold):
                continue
            if one is not None and other is None and _ONE_TIME_EVENT.search(one):
                continue  # the server drops such an event once it has run
            found.append(_whole(_object_title(title, name), one, other))
    return found


def _object_title(title: str, name: str) -> str:
    if title:
        return f"{title} {quoted(name)}"
    kind, _, routine = name.partition(" ")  # Schema keys routines by "PROCEDURE name"
    return f"{kind.lower()} {quoted(routine)}"


def _whole(title: str, expected: str | None, actual: str | None) -> Difference:
    kind: Kind = "missing" if actual is None else "unexpected" if expected is None else "different"
    return Difference(kind, title, "", expected, actual)


def _table_differences(title: str, expected: str, actual: str, fold: bool) -> list[Difference]:
    one, other = parse_table(expected), parse_table(actual)
    found: list[Difference] = []
    for element in [*one.elements, *(e for e in other.elements if e not in one.elements)]:
        left, right = one.elements.get(element), other.elements.get(element)
        if _canonical(element, left, one, fold) == _canonical(element, right, other, fold):
            continue
        kind: Kind = "missing" if right is None else "unexpected" if left is None else "different"
        found.append(Difference(kind, title, element, left, right))
    common = [name for name in one.columns if name in other.columns]
    if common != [name for name in other.columns if name in one.columns]:
        order = ["\n".join(map(quoted, table.columns)) for table in (one, other)]
        found.append(Difference("different", title, COLUMN_ORDER, order[0], order[1]))
    return found


def _canonical(element: str, definition: str | None, table: Table, fold: bool) -> str | None:
    if definition is None:
        return None
    if element.startswith("column "):
        return with_effective_collation(definition, table.options)
    if fold and element.startswith("foreign key "):
        return _REFERENCES.sub(lambda m: m[0].lower(), definition)
    return definition


def _comparable(text: str | None, fold: bool) -> str | None:
    if text is None:
        return None
    head, found, tail = text.partition(" DEFINER=")
    if found:
        text = head + _DEFINER.sub("", found + tail, count=1)
    text = _EVENT_TIME.sub(r" \1", text) if re.match(r"CREATE\s+EVENT\b", text) else text
    # Table names inside views and bodies cannot be told from other words without parsing them.
    return text.lower() if fold else text


def _pairs(
    expected: Mapping[str, str], actual: Mapping[str, str], fold: bool
) -> list[tuple[str, str | None, str | None]]:
    """(name, expected text, actual text) by name; the expected spelling of the name wins."""

    def key(name: str) -> str:
        return name.lower() if fold else name

    left = {key(name): (name, text) for name, text in expected.items()}
    right = {key(name): (name, text) for name, text in actual.items()}
    return [
        ((left.get(k) or right[k])[0], left[k][1] if k in left else None, right[k][1] if k in right else None)
        for k in sorted({*left, *right})
    ]
