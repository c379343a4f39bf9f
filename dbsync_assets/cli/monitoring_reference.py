"""docs/monitoring.md: every figure and every rule, as they are."""

from __future__ import annotations

from resources.health.rules import RULES, Rule
from resources.metrics.aggregate import MEANS
from resources.metrics.figures import FIGURES

_BEGINNING = """\
# Monitoring

The rules and figures below are generated from `resources/health/rules.py` and
`resources/metrics/figures.py` by `make docs`.

`dbsync monitor` looks once; `dbsync monitor --watch` each MONITOR_INTERVAL; `dbsync monitor --listen
127.0.0.1:9108` also answers `/metrics` (Prometheus) and `/` (the page). The Dagster sensor `monitoring`
does the same in its tick, and only shows what was found where such a process runs. Let one of them run.

Each look is kept in `metrics/metrics.sqlite` in the state folder: a day of every look, then means of five
minutes for MONITOR_KEEP. After each look `metrics.prom` (or MONITOR_TEXTFILE) is written for node_exporter's
textfile collector, once a minute `metrics/status.html`. Dagster plots the asset `metrics_snapshot`, which
the sensor reports each MONITOR_SNAPSHOT.

A condition holds once MONITOR_ENTER looks in a row found it, and is over once MONITOR_LEAVE did not. Then
people are told (event `monitoring`). What is not known is not well: a condition whose figure cannot be read
stays. A queue behind a metadata lock is told with the session that blocks it; its statement is shown
without the values in it.

Rules marked * can take a release back: what became critical after its migrations began, and stays so for
MONITOR_CRITICAL_FOR, makes its health check fail, where a monitor runs.

What an account may not read is shown with the privilege it takes. All of it: `GRANT PROCESS, REPLICATION
CLIENT ON *.*` and `GRANT SELECT ON performance_schema.*`.

## Rules

`MONITOR_LIMITS=connections=0.7/0.9,latency=50/-` sets others; shares are between 0 and 1, sizes bytes.
"""

_FIGURES = """
## Figures

In Prometheus each is `dbsync_` and its name. Judged and shown is the newest look, or the mean over
MONITOR_WINDOW of those that jump about.
"""


def monitoring_page() -> str:
    lines = [_BEGINNING, "| rule | warns | critical |", "|---|---|---|"]
    for rule in RULES:
        name = f"`{rule.name}`{' *' if rule.undoes else ''}"
        lines.append(f"| {name} | {_limit(rule, rule.warn)} | {_limit(rule, rule.fail)} |")
    lines += ["| `reachable` * | | the server does not answer |", _FIGURES]
    lines += ["| figure | area | unit | judged by | what it says |", "|---|---|---|---|---|"]
    lines += [
        f"| `{one.name}` | {one.area} | {one.unit} | {_judged(one.name)} | {one.what} |"
        for one in FIGURES.values()
    ]
    return "\n".join([*lines, ""])


def _judged(name: str) -> str:
    return "the window" if name == "errors_share" else "mean" if name in MEANS else "newest"


def _limit(rule: Rule, bound: float | None) -> str:
    if bound is None:
        return ""
    if rule.name == "read_only":
        return "not writable"
    side = "below" if rule.too_little else "from" if rule.at_limit else "above"
    return f"{side} {rule.shown(bound)}"
