"""An S3 service on loopback: moto as a process of its own, spoken to by real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from uuid import uuid4

from resources.backup.remote.location import RemoteLocation

ACCESS_KEY = "TESTKEY"
SECRET_KEY = "test-secret-key"
_SERVER = """
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # until whoever started it is gone
"""


class S3Server:
    def __enter__(self) -> S3Server:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Any:
        import boto3.session

        session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name="us-east-1")
        return session.client("s3", endpoint_url=self.endpoint)

    def new_bucket(self) -> Bucket:
        name = f"b-{uuid4().hex[:12]}"
        client = self.client()
        client.create_bucket(Bucket=name)
        return Bucket(self, name, client)


@dataclass(frozen=True)
class Bucket:
    """A bucket as somebody else sees it: read and damaged without dbsync."""

    server: S3Server
    name: str
    client: Any

    def location(self, **more: Any) -> RemoteLocation:
        known: dict[str, Any] = {
            "bucket": self.name,
            "prefix": "some/place",
            "endpoint": self.server.endpoint,
            "region": "us-east-1",
            "addressing": "path",
            "timeout": 5.0,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
        }
        return RemoteLocation(**(known | more))

    def listed(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def write(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def unfinished(self) -> dict[str, list[int]]:
        """Key → part numbers of each upload that was begun and not finished."""
        found = {}
        for one in self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", []):
            parts = self.client.list_parts(Bucket=self.name, Key=one["Key"], UploadId=one["UploadId"])
            found[one["Key"]] = [part["PartNumber"] for part in parts.get("Parts", [])]
        return found
