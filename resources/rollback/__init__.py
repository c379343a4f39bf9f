"""Putting a database back, and saying what that would lose."""
