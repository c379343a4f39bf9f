"""Dagster's page as `dbsync ui` serves it: with the reports that its metadata link to."""
