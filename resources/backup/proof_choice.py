"""What is restored to prove a backup: what it was made from, what was stored, or nothing."""

from __future__ import annotations

CHOICES = ("auto", "clone", "archive", "none")


def proof_choice(asked: str, setting: str, *, scheduled: bool) -> str:
    """clone, archive or none. `asked`: for this backup alone, "" or auto for nothing in particular.

    With auto, a backup that nobody waits for is proven by what was stored; one that a person or
    a deployment waits for by the copy that runs already, and its archive later.
    """
    chosen = asked if asked and asked != "auto" else setting
    if chosen != "auto":
        return chosen
    return "archive" if scheduled else "clone"
