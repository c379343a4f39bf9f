"""Great Expectations, used at its cheapest: one in-memory context, one batch per frame.

Importing it takes 2–4 s; `preload` does that beside other work. A suite of two
expectations then takes about 15 ms. Nothing is written and nothing is sent.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from resources.errors import SettingsError
from resources.validation.rules.late_import import import_late
from resources.validation.rules.rule import ExpectationOutcome, Frame, Suite

_SHOWN_VALUES = 5
_KEYS = {"type", "kwargs", "severity", "meta", "notes", "description", "id"}
_SELDOM_USED = ("scipy.stats", "altair")
"""What Great Expectations imports for two of its expectations only."""
_SEVERITIES = ("critical", "warning", "info")


def preload() -> threading.Thread:
    """Import Great Expectations in a thread, while this one waits for a server."""
    # Both threads use it, Dagster's event log in this one: half imported by the other thread it
    # made a step fail ("partially initialized module 'sqlalchemy.orm.exc'").
    importlib.import_module("sqlalchemy.orm")
    thread = threading.Thread(target=_context, name="import great_expectations", daemon=True)
    thread.start()
    return thread


def expectation(spec: Mapping[str, Any], where: str) -> Any:
    """The expectation object of {"type", "kwargs", "severity"?}.

    Raises SettingsError naming file and key (`where`) for an unknown type or wrong arguments.
    """
    unknown = sorted(set(spec) - _KEYS)
    if unknown:
        raise _bad(where, f"unknown key {unknown[0]!r}; allowed: {', '.join(sorted(_KEYS))}")
    kind, arguments = spec.get("type"), spec.get("kwargs", {})
    if not isinstance(kind, str) or not kind.startswith("expect_"):
        raise _bad(f"{where}.type", "it must name an expectation, such as expect_column_max_to_be_between")
    if not isinstance(arguments, dict):
        raise _bad(f"{where}.kwargs", "it must be an object of the expectation's arguments")
    if spec.get("severity", "critical") not in _SEVERITIES:
        raise _bad(f"{where}.severity", f"it must be one of {', '.join(_SEVERITIES)}")
    _context()
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    try:
        return ExpectationConfiguration(
            type=kind, kwargs=dict(arguments), severity=spec.get("severity", "critical")
        ).to_domain_obj()
    except ExpectationNotFoundError as error:
        raise _bad(f"{where}.type", f"Great Expectations has no {kind!r}") from error
    # Its argument models raise pydantic's ValueErrors; some raise TypeError.
    except (ValueError, TypeError) as error:
        raise _bad(f"{where}.kwargs", " ".join(str(error).split())) from error


def run_suite(suite: Suite, frame: Frame, where: str = "") -> list[ExpectationOutcome]:
    """What came of each expectation of `suite` on the lines of `frame`."""
    import pandas as pd

    gx = _great_expectations()
    objects = [
        expectation(spec, f"{where}expectations[{number}]") for number, spec in enumerate(suite.expectations)
    ]
    data = pd.DataFrame([[_plain(cell) for cell in row] for row in frame.rows], columns=list(frame.columns))
    batch = _context().data_sources.pandas_default.read_dataframe(data)
    result = batch.validate(
        gx.ExpectationSuite(name=suite.name, expectations=objects), result_format="COMPLETE"
    )
    # Results come back grouped by domain, not in the suite's order.
    return [_outcome(entry.to_json_dict()) for entry in result.results]


def _great_expectations() -> Any:
    for name in _SELDOM_USED:
        import_late(name)
    return importlib.import_module("great_expectations")


@cache
def _context() -> Any:
    gx = _great_expectations()
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _outcome(entry: Mapping[str, Any]) -> ExpectationOutcome:
    configuration, result = entry["expectation_config"], entry.get("result") or {}
    error = entry.get("exception_info") or {}
    if error and "raised_exception" not in error:  # one such record per metric
        error = next(iter(error.values()))
    message = error.get("exception_message") if error.get("raised_exception") else None
    values = result.get("partial_unexpected_list") or []
    if message:
        observed = f"could not be evaluated: {message}"
    elif "unexpected_count" in result:
        observed = f"{result['unexpected_count']} of {result['element_count']} unexpected"
        if values:
            observed += f": {', '.join(map(str, values[:_SHOWN_VALUES]))}"
            observed += ", …" if len(values) > _SHOWN_VALUES else ""
    else:
        observed = str(result.get("observed_value", "holds" if entry["success"] else "does not hold"))
    return ExpectationOutcome(
        type=configuration["type"],
        kwargs={k: v for k, v in configuration["kwargs"].items() if k != "batch_id"},
        holds=bool(entry["success"]) and message is None,
        # What cannot be evaluated is nobody's warning: nothing is known about the data then.
        severity="fail" if message or configuration.get("severity", "critical") == "critical" else "warn",
        observed=observed,
        unexpected=tuple(result.get("unexpected_index_list") or ()),
        error=message,
    )


def _plain(cell: Any) -> Any:
    """A MySQL value as pandas counts it: DECIMAL as int or float, BINARY as text."""
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else float(cell)
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    return cell


def _bad(where: str, why: str) -> SettingsError:
    return SettingsError("a data rule cannot be used", where=where, why=why, hint="see docs/data-rules.md")
