"""An age key pair in a file, as age-keygen writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from resources.backup.age_keys import library


@dataclass(frozen=True)
class KeyPair:
    path: Path
    recipient: str
    secret: str


def key_pair(path: Path) -> KeyPair:
    identity = library().x25519.Identity.generate()
    pair = KeyPair(path, str(identity.to_public()), str(identity))
    path.write_text(f"# created: 2026-11-23T12:00:00Z\n# public key: {pair.recipient}\n{pair.secret}\n")
    path.chmod(0o600)
    return pair
