"""`dbsync demo`: two releases of the example shop on a private MySQL."""
