"""Which commit of a watched branch is to be deployed, and whether it still may be when it is applied."""
