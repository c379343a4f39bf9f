"""One release of one database, step by step, and what is true when a step fails."""
