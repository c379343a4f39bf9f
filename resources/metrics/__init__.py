"""Figures of database, application and machine: collected, judged, kept, shown."""
