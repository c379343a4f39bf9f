"""Asset checks: the gates of a release, which block, and observations, which warn."""
