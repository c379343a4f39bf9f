"""Sets of transactions add up as the server's own do."""

from __future__ import annotations

import random

import pytest

from resources.mysql.connection import value
from resources.mysql.gtid_set import GtidSet

A = "53c6ce34-e924-11f1-a487-02fc00000001"
B = "63c6ce34-e924-11f1-a487-02fc00000001"


@pytest.mark.parametrize(
    "text", ["", f"{A}:1", f"{A}:1-9:hello:1", f"{A}:hello:1-3:5", f"{A}:1-3:5-7,{B}:8", f"{A}:1:a:2:b:3-4"]
)
def test_what_the_server_prints_comes_back_as_it_was(text):
    assert str(GtidSet.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["x", A, f"{A}:", f"{A}:0", f"{A}:5-3", f"{A}:1-", f"{A}:-1", f"{A};1", f"{A}:99999999999999999999"],
)
def test_what_is_no_set_is_refused(text):
    with pytest.raises(ValueError):
        GtidSet.parse(text)


def test_the_server_agrees_on_subsets_and_differences(server):
    chance = random.Random(7)

    def some() -> GtidSet:
        made = GtidSet()
        for _ in range(chance.randrange(8)):
            first = chance.randrange(1, 40)
            source = (chance.choice([A, B]), chance.choice(["", "", "tag"]))
            made.add(source, first, first + chance.randrange(6))
        return made

    with server.connect() as connection:
        for _ in range(200):
            one, other = some(), some()
            both = one.copy()
            both.update(other)
            assert (one <= other) == bool(
                value(connection, "SELECT GTID_SUBSET(%s, %s)", (str(one), str(other)))
            )
            left = str(value(connection, "SELECT GTID_SUBTRACT(%s, %s)", (str(one), str(other))))
            assert GtidSet.parse(left.replace("\n", "")) == one.minus(other)
            assert one <= both and other <= both and len(both) == len(one) + len(other.minus(one))
            for source, first, last in one.intervals():
                assert both.has(source, first) and both.has(source, last)
