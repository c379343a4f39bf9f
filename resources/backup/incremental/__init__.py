"""Backups of what changed: binary logs, each continuing the backup before it."""
