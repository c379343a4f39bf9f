"""Data rules: Great Expectations suites over frames of aggregates, never of table rows."""
