"""The HTML page holds what was found, and nothing in it is alive."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from resources.redact import remember
from resources.validation.compare import Difference
from resources.validation.report import render_html
from resources.validation.result import ValidationReport, ValidationResult
from resources.validation.rules.rule import ExpectationOutcome, Frame, RuleResult

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"' \x1b[31m\u202e"


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.stack: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "br"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def _report(text: str, valid: bool = False) -> ValidationReport:
    differences = [
        Difference("different", f"table `{text}`", f"column `{text}`", f"int {text}", f"bigint {text}"),
        Difference("missing", "view `v`", "", "CREATE VIEW\nsecond line", None),
    ]
    rules = [
        RuleResult(
            "row_counts",
            text,
            "fail",
            problems=[text],
            notes=[text],
            outcomes=[ExpectationOutcome(text, {text: text}, False, "fail", text)],
            frame=Frame(("table", "before", "after"), [(text, 100, 40), ("empty", 0, 0)]),
        ),
        RuleResult(text, text, "skip", warnings=[text]),
    ]
    return ValidationReport(
        ValidationResult(valid, text, [] if valid else [text], [] if valid else [text]),
        [text],
        [text],
        [] if valid else differences,
        differences,
        rules,
        {"total": 1.5},
    )


def _page(report: ValidationReport) -> str:
    return render_html(report, EVIL, datetime(2026, 11, 23, tzinfo=UTC))


def test_hostile_names_are_inert_everywhere():
    page = _page(_report(EVIL))
    tags = _Tags(page)
    assert tags.stack == []
    assert not tags.found & {"script", "img", "iframe", "link", "object"}
    assert not {name for name in tags.attributes if name.startswith("on")}
    assert "\x1b" not in page and "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_the_page_fetches_nothing():
    page = _page(_report("x"))
    assert "http://" not in page and "https://" not in page and "url(" not in page
    assert "default-src 'none'" in page


def test_the_verdict_comes_first_and_says_what_it_is():
    assert "Not valid: 1 inconsistency" in _page(_report("x"))
    good = _page(_report("x", valid=True))
    assert "Valid: schema and data are what the migrations say" in good


def test_both_sides_of_a_difference_are_shown_with_the_changed_words_marked():
    page = _page(_report("x"))
    assert "<mark>int</mark> x" in page
    assert "<mark>bigint</mark> x" in page
    assert "second line" in page


def test_row_counts_have_bars():
    page = _page(_report("x"))
    assert 'style="width:100.0%"' in page
    assert 'style="width:40.0%"' in page
    assert "-60" in page


def test_a_registered_secret_does_not_reach_the_page():
    remember("hunter2-canary")
    assert "hunter2-canary" not in _page(_report("x hunter2-canary"))


def test_a_huge_difference_does_not_make_a_huge_page():
    text = "\n".join(f"line {number}" for number in range(100_000))
    huge = Difference("missing", "procedure `p`", "", text, None)
    report = ValidationReport(ValidationResult(False, "m"), [], [], [huge] * 3, [], [], {})
    assert len(_page(report)) < 500_000
