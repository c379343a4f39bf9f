"""What a person asks `dbsync restore` for, and how to ask for the same again."""

from __future__ import annotations

from dataclasses import dataclass

from resources.backup.moment.moment import Moment


@dataclass(frozen=True)
class Wish:
    """What exactly is asked for."""

    tables: tuple[str, ...] = ()
    """Empty: all of the database."""
    into: str = ""
    """A database of the target's server that is made for it; "": the target's own."""
    moment: Moment | None = None
    """The state at a moment after the backup."""
    confirm_target: str | None = None
    accept_failed_proof: bool = False
    accept_loss: bool = False
    accept_missing_definers: bool = False
    dry_run: bool = False
    """Only to be told what would happen."""

    def as_options(self) -> list[str]:
        """All of it: a command that is told without one of them does more, or is refused once again."""
        parts = []
        if self.tables:
            parts += ["--tables", ",".join(self.tables)]
        if self.into:
            parts += ["--into", self.into]
        if self.moment is not None:
            parts += self.moment.as_options()
        if self.confirm_target is not None:
            parts += ["--confirm-target", self.confirm_target]
        switches = {
            "--accept-failed-proof": self.accept_failed_proof,
            "--accept-loss": self.accept_loss,
            "--accept-missing-definers": self.accept_missing_definers,
            "--dry-run": self.dry_run,
        }
        return [*parts, *(name for name, given in switches.items() if given)]
