"""A bucket on a real S3 protocol server, a proxy before it, and small whole backups."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.archive import pack
from resources.backup.manifest import Manifest
from resources.mysql.endpoint import Endpoint
from resources.target import Target
from tests.resources.backup.test_manifest import MANIFEST
from tests.support.s3_server import Bucket, S3Server
from tests.support.tcp_proxy import TcpProxy

MB = 1 << 20
LARGE = "shop/large.ibd"


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with S3Server() as running:
        yield running


@pytest.fixture
def bucket(s3) -> Bucket:
    return s3.new_bucket()


@pytest.fixture
def s3_proxy(s3) -> Iterator[TcpProxy]:
    with TcpProxy(("127.0.0.1", s3.port)) as running:
        yield running


@pytest.fixture
def remote_target(bucket, tmp_path) -> Target:
    """No database is looked at."""
    (tmp_path / "backups").mkdir(mode=0o700)
    return Target(
        endpoint=Endpoint("127.0.0.1", 1, "nobody", "nothing"),
        database="shop",
        migrations=tmp_path / "migrations",
        storage=tmp_path / "backups",
        state=tmp_path / "state",
        tools=tmp_path / "tools",
        remote=bucket.location(),
    )


@pytest.fixture
def behind_proxy(remote_target, s3_proxy) -> Target:
    endpoint = f"http://127.0.0.1:{s3_proxy.port}"
    assert remote_target.remote
    return replace(remote_target, remote=replace(remote_target.remote, endpoint=endpoint, timeout=2.0))


@pytest.fixture
def add(remote_target, tmp_path) -> Callable[..., Manifest]:
    """Put a whole backup into the storage: three small files, and one of `large` bytes if asked for."""

    def put(number: int, large: int = 0, **more: object) -> Manifest:
        backup_id = f"20261123T120000Z-{number:04d}-full"
        folder, source = remote_target.storage / backup_id, tmp_path / f"source-{number}"
        contents = {
            "empty": b"",
            "ibdata1": os.urandom(3000),
            "shop/#odd@0060 näme.ibd": b"rows " * 2000,
        }
        if large:
            contents[LARGE] = os.urandom(large)
        for name, data in contents.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(data)
        folder.mkdir(mode=0o700)
        files = tuple(pack(source, list(contents), folder))
        made = replace(
            MANIFEST,
            id=backup_id,
            timestamp=f"2026-11-23T{number:02d}:00:00.000Z",
            size=sum(file.stored_length for file in files),
            files=files,
            file_path=str(folder),
            **more,
        )
        (folder / "manifest.json").write_bytes(made.encode())
        return made

    return put


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, by its relative name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
