"""The commit a folder is at, and a bare mirror of one branch; nothing of a repository is ever run."""
