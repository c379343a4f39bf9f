"""The one log: what was done, by which deployment, in which phase, and how long it took."""
