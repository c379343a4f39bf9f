"""Prisma's order of migration names."""

import json
import random
import shutil
import subprocess

import pytest

from resources.prisma.ordering import ambiguous_pairs, is_certain, prisma_key

# What Node 20 (ICU, en-US) makes of `names.sort((a, b) => a.localeCompare(b))`.
NODE_ORDER = [
    "_a", "-a", "0_init", "1a", "20210101_init", "20210101000000_init", "a", "a 1", "a_b", "A_b", "a-b",
    "a..b", "a.b", "a1", "aa", "aA", "Aa", "AA", "aaB", "aAb", "AaB", "ab", "aB", "Ab", "AB", "b", "B",
]  # fmt: skip


def test_names_sort_as_node_sorts_them() -> None:
    shuffled = random.Random(1).sample(NODE_ORDER, len(NODE_ORDER))
    assert sorted(shuffled, key=prisma_key) == NODE_ORDER


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to compare with")
def test_random_ascii_names_sort_as_this_machines_node_sorts_them() -> None:
    chance = random.Random(2)
    alphabet = [chr(code) for code in range(32, 127) if chr(code) != "/"]
    names = sorted({"".join(chance.choices(alphabet, k=chance.randint(1, 6))) for _ in range(3000)})
    program = (
        "let n=JSON.parse(require('fs').readFileSync(0));"
        "console.log(JSON.stringify(n.sort((a,b)=>a.localeCompare(b,'en-US'))))"
    )
    done = subprocess.run(
        ["node", "-e", program], input=json.dumps(names), capture_output=True, text=True, check=True
    )
    assert sorted(names, key=prisma_key) == json.loads(done.stdout)


def test_time_stamped_names_are_never_ambiguous() -> None:
    assert ambiguous_pairs(["20230101000000_b", "20220101000000_größe", "20220101000001_a"]) == []


def test_names_that_old_prisma_ordered_the_other_way_are_ambiguous() -> None:
    assert ambiguous_pairs(["20210101000000_init", "20210101_init"]) == [
        ("20210101_init", "20210101000000_init")
    ]
    assert ambiguous_pairs(["B", "a", "c"]) == [("a", "B")]


def test_order_is_unknown_where_characters_outside_ascii_decide() -> None:
    assert not is_certain("x_größe", "x_grosse")
    assert is_certain("1_größe", "2_grosse")
    assert ambiguous_pairs(["x_größe", "x_grüße"]) == [("x_größe", "x_grüße")]
