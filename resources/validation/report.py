"""The validation report as one HTML page: no script, no outside address, every name escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from resources.html.page import html_page, text
from resources.validation.compare import Difference
from resources.validation.result import ValidationReport
from resources.validation.rules.rule import RuleResult
from resources.validation.side_by_side import side_by_side

_MOST_DIFFERENCES = 200
_MOST_LINES = 100


def render_html(report: ValidationReport, target: str, at: datetime) -> str:
    """A whole page; `target` and `at` head it."""
    parts = [
        _verdict(report, target, at),
        _list("Inconsistencies", report.result.inconsistencies),
        _list("Warnings", report.result.warnings),
        _differences("Schema differences", report.differences),
        _differences("Accepted drift", report.accepted),
        _rules(report.rule_results),
        _row_counts(report.rule_results),
        _footer(report),
    ]
    return html_page(f"Validation of {text(target)}", parts)


def _verdict(report: ValidationReport, target: str, at: datetime) -> str:
    result = report.result
    kind = "fail" if not result.is_valid else "warn" if result.warnings else "pass"
    headline = {
        "pass": "Valid: schema and data are what the migrations say",
        "warn": f"Valid, with {_count(result.warnings, 'warning')}",
        "fail": f"Not valid: {_count(result.inconsistencies, 'inconsistency', 'inconsistencies')}",
    }[kind]
    ran = [rule for rule in report.rule_results if rule.status != "skip"]
    tiles = [
        (result.schema_version, "last applied migration"),
        (str(len(report.differences)), "schema differences"),
        (f"{sum(rule.status != 'fail' for rule in ran)} of {len(ran)}", "data rules hold"),
        (f"{report.seconds.get('total', 0):.2f} s", "taken"),
    ]
    shown = "".join(f'<div class="tile"><b>{text(big)}</b><span>{small}</span></div>' for big, small in tiles)
    return (
        f'<section class="verdict {kind}"><h1>{headline}</h1>'
        f"<p>{text(target)} · {at:%Y-%m-%d %H:%M:%S} UTC</p></section>"
        f'<div class="tiles">{shown}</div>'
    )


def _count(items: Sequence[object], one: str, many: str | None = None) -> str:
    return f"{len(items)} {one if len(items) == 1 else many or one + 's'}"


def _list(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    shown = "".join(f"<li>{text(item)}</li>" for item in items[:_MOST_LINES])
    more = f"<li>and {len(items) - _MOST_LINES} more</li>" if len(items) > _MOST_LINES else ""
    return f'<h2>{title}</h2><ul class="found">{shown}{more}</ul>'


def _differences(title: str, differences: Sequence[Difference]) -> str:
    if not differences:
        return ""
    cards = []
    for difference in differences[:_MOST_DIFFERENCES]:
        name = f"{difference.object}{' · ' + difference.element if difference.element else ''}"
        cards.append(
            f'<article class="card"><header><span class="badge {difference.kind}">{difference.kind}</span>'
            f"<h3>{text(name)}</h3></header>{side_by_side(difference.expected, difference.actual)}</article>"
        )
    if len(differences) > _MOST_DIFFERENCES:
        cards.append(f"<p>and {len(differences) - _MOST_DIFFERENCES} more</p>")
    return f"<h2>{title}</h2>{''.join(cards)}"


def _rules(rules: Sequence[RuleResult]) -> str:
    lines = []
    for rule in rules:
        badge = f'<span class="badge {rule.status}">{rule.status}</span>'
        subject = f"<b>{text(rule.title)}</b><small>{text(rule.name)}</small>"
        notes = "".join(
            f"<small>{text(note)}</small>" for note in [*rule.problems, *rule.notes][:_MOST_LINES]
        )
        outcomes: list[str] = []
        for outcome in rule.outcomes:
            name = outcome.type.removeprefix("expect_").replace("_", " ")
            level = "" if outcome.severity == "fail" else " (warns)"
            outcomes.append(
                f"<td>{text(name)}<small>{text(outcome.expected)}{level}</small></td>"
                f"<td>{'holds' if outcome.holds else 'does not hold'}"
                f"<small>{text(outcome.observed)}</small></td>"
            )
        span = max(1, len(outcomes))
        first = outcomes[0] if outcomes else "<td>–</td><td>–</td>"
        lines.append(
            f'<tr><td rowspan="{span}">{badge}</td><td rowspan="{span}">{subject}{notes}</td>{first}'
            f'<td rowspan="{span}" class="number">{rule.seconds:.2f} s</td></tr>'
        )
        lines.extend(f"<tr>{outcome}</tr>" for outcome in outcomes[1:])
    head = "<tr><th></th><th>Rule</th><th>Expected</th><th>Observed</th><th>Time</th></tr>"
    return (
        f'<h2>Data rules</h2><div class="card scroll"><table><thead>{head}</thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _row_counts(rules: Sequence[RuleResult]) -> str:
    frame = next((rule.frame for rule in rules if rule.name == "row_counts"), None)
    if frame is None or not frame.rows:
        return ""
    position = {name: number for number, name in enumerate(frame.columns)}
    largest = max(max(row[position["before"]], row[position["after"]]) for row in frame.rows) or 1
    lines = []
    for row in frame.rows:
        before, after = row[position["before"]], row[position["after"]]
        bars = "".join(
            f'<i class="{kind}" style="width:{100 * count / largest:.1f}%"></i>'
            for kind, count in (("", before), ("now", after))
        )
        lines.append(
            f"<tr><td>{text(row[position['table']])}</td><td class='number'>{before:,}</td>"
            f"<td class='number'>{after:,}</td><td class='number'>{after - before:+,}</td>"
            f"<td class='bars'>{bars}</td></tr>"
        )
    titles = ("Table", "Before", "Now", "Change", "before (light), now (strong)")
    head = f"<tr>{''.join(f'<th>{title}</th>' for title in titles)}</tr>"
    return (
        f'<h2>Row counts</h2><div class="card scroll"><table><thead>{head}</thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _footer(report: ValidationReport) -> str:
    times = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in report.seconds.items())
    return f"<footer>dbsync · {text(times)}</footer>"
