"""The asset graph, its jobs and the dbsync command."""
