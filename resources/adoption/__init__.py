"""What an application gets when it begins to use dbsync: a few files, each shown before it is written."""
