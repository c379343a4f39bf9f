"""Full backups: made, archived, proven, catalogued, restored."""
