"""Full backups: made, archived, proven, catalogued, restored, and removed when they are old."""
