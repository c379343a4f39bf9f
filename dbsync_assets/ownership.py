"""Who answers for the assets, and which version of their code made what is shown."""

OWNERS = ["team:database"]
CODE_VERSION = "1"
"""Raised when an asset comes to mean something else: Dagster then shows the older ones as stale."""
