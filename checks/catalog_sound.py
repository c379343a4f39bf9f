"""Observation: every stored backup has a sound manifest and all its files, and the index agrees."""

from checks.observation import Seen, observation
from resources.backup.soundness import soundness
from resources.target import Target


def look(target: Target) -> Seen:
    found = soundness(target.storage)
    wrong = [*found.damaged, *found.not_whole]
    hint = f"dbsync backups verify {wrong[0]}" if wrong else "dbsync backups reindex"
    figures = {
        "backups": found.backups,
        "damaged manifests": len(found.damaged),
        "not whole": len(found.not_whole),
        "leftovers": len(found.leftovers),
    }
    return Seen(found.is_sound, str(found), hint, figures)


catalog_sound = observation(
    "catalog_sound",
    look,
    "Manifests, lengths of files and the index of all stored backups are as they were written.",
)
