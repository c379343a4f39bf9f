"""Asset checks: the gates of a release."""
