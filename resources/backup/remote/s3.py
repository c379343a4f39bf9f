"""The S3 protocol, through boto3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from resources.backup.remote.location import RemoteLocation
from resources.backup.remote.s3_errors import code_of, errors_of_boto, explain, explained, no_s3
from resources.backup.remote.s3_put import abandon_uploads, put_file
from resources.backup.remote.store import RemoteObject
from resources.errors import RemoteStorageError
from resources.redact import remember

_BLOCK = 1 << 20
_CONNECT_SECONDS = 10.0
_MISSING = ("404", "NoSuchKey")
_LONGEST_PAUSE = 10.0


class S3Store:
    """Thread-safe. Nothing is connected before the first call."""

    def __init__(self, location: RemoteLocation) -> None:
        self.location = location

    @cached_property
    def _client(self) -> Any:
        with explained(self.location, "looking for credentials"):
            return _connect(self.location)

    def head(self, key: str) -> RemoteObject | None:
        with explained(self.location, f"asking for {key}"):
            try:
                found = self._client.head_object(Bucket=self.location.bucket, Key=key)
            except self._client.exceptions.ClientError as error:
                if code_of(error) in _MISSING:
                    return None
                raise
        try:
            return RemoteObject(key, found["ContentLength"], found["ETag"].strip('"'), found["LastModified"])
        except KeyError as error:
            raise no_s3(self.location, f"its answer has no {error}") from error

    def list(self, prefix: str) -> Iterator[RemoteObject]:
        for page in self._pages(prefix, Prefix=prefix):
            for found in page.get("Contents", []):
                etag = found["ETag"].strip('"')
                yield RemoteObject(found["Key"], found["Size"], etag, found["LastModified"])

    def folders(self, prefix: str) -> list[str]:
        pages = self._pages(prefix, Prefix=prefix, Delimiter="/")
        found = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        return sorted(name[len(prefix) :].rstrip("/") for name in found)

    def get(self, key: str, offset: int = 0, etag: str = "") -> Iterator[bytes]:
        from botocore.exceptions import ClientError

        failed = 0
        while True:
            wanted = {"Range": f"bytes={offset}-"} if offset else {}
            if etag:
                wanted["IfMatch"] = f'"{etag}"'
            try:
                found = self._client.get_object(Bucket=self.location.bucket, Key=key, **wanted)
                if offset and "ContentRange" not in found:
                    raise RemoteStorageError(
                        "the service cannot give a part of an object, so a broken download cannot go on",
                        where=self.location.url(),
                        hint="try again",
                    )
                while block := found["Body"].read(_BLOCK):
                    offset += len(block)
                    failed = 0
                    yield block
                return
            except errors_of_boto() as error:
                failed += 1
                # The client has repeated what it could; what is left are bodies that broke off.
                if isinstance(error, ClientError) or failed >= self.location.attempts:
                    raise explain(self.location, f"reading {key}", error) from error
                time.sleep(min(_LONGEST_PAUSE, 0.1 * 4**failed))

    def put(self, key: str, source: Path, advance: Callable[[int], None]) -> str:
        with explained(self.location, f"writing {key}"):
            return put_file(self._client, self.location.bucket, key, source, advance)

    def delete(self, key: str) -> None:
        # One by one: a request for many needs a checksum that not every service knows.
        with explained(self.location, f"removing {key}"):
            self._client.delete_object(Bucket=self.location.bucket, Key=key)

    def abandon(self, prefix: str) -> None:
        with explained(self.location, f"dropping unfinished uploads below {prefix}"):
            abandon_uploads(self._client, self.location.bucket, prefix)

    def _pages(self, prefix: str, **wanted: str) -> Iterator[dict[str, Any]]:
        with explained(self.location, f"listing {prefix}"):
            pages = self._client.get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self.location.bucket, **wanted)


def _connect(location: RemoteLocation) -> Any:
    """A client of boto3; what it will sign with is registered as a secret before it is used."""
    import boto3.session
    from botocore.config import Config

    session = boto3.session.Session(
        aws_access_key_id=location.access_key,
        aws_secret_access_key=location.secret_key,
        aws_session_token=location.session_token,
        region_name=location.region,
    )
    credentials = session.get_credentials()
    if credentials is None:
        raise RemoteStorageError(
            "there are no credentials for the bucket",
            where=str(location),
            why="neither AWS_* variables nor a profile nor the machine's role gave any",
            hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        )
    frozen = credentials.get_frozen_credentials()
    for secret in (frozen.secret_key, frozen.token):
        if secret:
            remember(secret)
    return session.client(
        "s3",
        endpoint_url=location.endpoint,
        config=Config(
            # Alibaba OSS and older MinIO do not know the checksums that boto3 sends since 1.36.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=min(_CONNECT_SECONDS, location.timeout),
            read_timeout=location.timeout,
            retries={"mode": "standard", "total_max_attempts": location.attempts},
            s3={"addressing_style": location.addressing},
        ),
    )
