"""What is seldom used is imported when it is used, and works then as ever."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from resources.validation.rules.expectations import run_suite
from resources.validation.rules.rule import Frame, Suite

def outcome(kind, **arguments):
    frame = Frame(["kind"], [("a",), ("a",), ("b",), ("b",)])
    suite = Suite("s", "s", [{"type": kind, "kwargs": {"column": "kind", **arguments}}])
    (found,) = run_suite(suite, frame)
    assert found.error is None, found.error
    return found.holds

assert outcome("expect_column_values_to_not_be_null")
assert "scipy.stats._stats_py" not in sys.modules and "altair.vegalite" not in sys.modules
even, uneven = ({"values": ["a", "b"], "weights": weights} for weights in ([0.5, 0.5], [0.99, 0.01]))
assert outcome("expect_column_kl_divergence_to_be_less_than", partition_object=even, threshold=0.1)
assert not outcome("expect_column_kl_divergence_to_be_less_than", partition_object=uneven, threshold=0.1)
assert "scipy.stats._stats_py" in sys.modules
from scipy import stats
assert stats.norm.cdf(0) == 0.5
"""


def test_an_ordinary_rule_leaves_scipy_alone_and_the_one_that_needs_it_has_it():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_module_that_is_not_installed_is_still_missing():
    script = (
        "from resources.validation.rules.late_import import import_late\n"
        "import_late('no_such_module')\n"
        "try:\n    import no_such_module\n"
        "except ModuleNotFoundError:\n    print('missing')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "missing\n", done.stderr
