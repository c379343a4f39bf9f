"""Backups in a bucket: uploaded, listed, fetched, removed. Nothing else of dbsync knows of it."""
