"""A database as it was at a moment: a full backup, and the binary logs since, up to there."""
