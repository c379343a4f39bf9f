"""One file into a bucket: in one request, or in parts that a killed upload is gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from resources.backup.lanes import StoppedError, in_lanes
from resources.backup.remote.etag import PART, Part, content_md5, etag_of_parts, md5, parts_of

LANES = 4
"""Requests at a time. A single one seldom fills a line; each holds one part in memory."""


def put_file(client: Any, bucket: str, key: str, source: Path, advance: Callable[[int], None]) -> str:
    """Returns the ETag that the object has if its service uses MD5. Raises boto3's errors, OSError."""
    length = source.stat().st_size
    if length > PART:
        return _put_parts(client, bucket, key, source, advance)
    data = source.read_bytes()
    digest = md5(data)
    client.put_object(Bucket=bucket, Key=key, Body=data, ContentMD5=content_md5(digest))
    advance(length)
    return digest.hex()


def _put_parts(client: Any, bucket: str, key: str, source: Path, advance: Callable[[int], None]) -> str:
    upload, there = _begun(client, bucket, key)

    def one(part: Part, stopped: Callable[[], bool]) -> tuple[int, str, bytes]:
        if stopped():
            raise StoppedError
        data = part.read(source)
        digest = md5(data)
        etag = there.get(part.number, "")
        if etag.strip('"').lower() != digest.hex():
            etag = client.upload_part(
                Bucket=bucket,
                Key=key,
                UploadId=upload,
                PartNumber=part.number,
                Body=data,
                ContentMD5=content_md5(digest),
            )["ETag"]
        advance(part.length)
        return part.number, etag, digest

    done = sorted(in_lanes(parts_of(source.stat().st_size), one, lanes=LANES))
    client.complete_multipart_upload(
        Bucket=bucket,
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": number, "ETag": etag} for number, etag, _ in done]},
    )
    return etag_of_parts([digest for _, _, digest in done])


def _begun(client: Any, bucket: str, key: str) -> tuple[str, dict[int, str]]:
    """(upload id, part number → ETag): the newest unfinished upload of this object, or a new one."""
    unfinished = sorted(
        (one for one in _uploads(client, bucket, key) if one["Key"] == key),
        key=lambda one: (one["Initiated"], one["UploadId"]),
    )
    for older in unfinished[:-1]:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=older["UploadId"])
    if not unfinished:
        return client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"], {}
    upload = unfinished[-1]["UploadId"]
    pages = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload)
    # The digest alone decides: a part of another length has another one.
    return upload, {part["PartNumber"]: part["ETag"] for page in pages for part in page.get("Parts", [])}


def abandon_uploads(client: Any, bucket: str, prefix: str) -> None:
    for one in list(_uploads(client, bucket, prefix)):
        client.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])


def _uploads(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        yield from page.get("Uploads", [])
