"""Which bucket, and how to reach it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from resources.errors import SettingsError

SCHEME = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]*", re.ASCII)


@dataclass(frozen=True)
class RemoteLocation:
    """A bucket that speaks the S3 protocol, and a prefix in it. Times in seconds."""

    bucket: str
    prefix: str = ""
    """Without slashes at its ends."""
    endpoint: str | None = None
    """URL of the service; None is AWS."""
    region: str | None = None
    addressing: str = "auto"
    """auto, path (bucket in the path) or virtual (bucket in the host name; Alibaba OSS wants that)."""
    read_back: bool = False
    """Read every object back after its upload, whatever the service says of it."""
    timeout: float = 30.0
    """Without one byte for so long, a request has failed."""
    attempts: int = 4
    """Of each request, the first included."""
    access_key: str | None = field(default=None, repr=False)
    """None: boto3 finds the credentials (profile, container, instance)."""
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)

    def key(self, *parts: str) -> str:
        """The name of an object below the prefix."""
        return "/".join(filter(None, (self.prefix, *parts)))

    def url(self, *parts: str) -> str:
        return f"{SCHEME}{self.bucket}/{self.key(*parts)}"

    def __str__(self) -> str:
        return self.url().rstrip("/")


def parse_location(text: str) -> tuple[str, str]:
    """(bucket, prefix) of `s3://bucket/prefix`. Raises SettingsError."""
    bucket, _, prefix = text.removeprefix(SCHEME).partition("/")
    prefix = prefix.strip("/")
    parts = prefix.split("/") if prefix else []
    if not _BUCKET.fullmatch(bucket) or not _PREFIX.fullmatch(prefix) or {"", ".", ".."} & set(parts):
        raise SettingsError(
            "BACKUP_STORAGE_PATH is no address of a bucket",
            where="BACKUP_STORAGE_PATH",
            why="it is s3://BUCKET/PREFIX, with letters, digits and - _ . ! * ' ( ) in the prefix",
            hint="BACKUP_STORAGE_PATH=s3://backups/shop",
        )
    return bucket, prefix
