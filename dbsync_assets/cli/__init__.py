"""The dbsync command. Nothing here imports Dagster, pandas or Great Expectations at import time."""
