from __future__ import annotations

import json
from dataclasses import replace

import pytest

from resources.backup.manifest import BinlogSpan, DamagedManifestError, Manifest, Proof, StoredFile, decode
from resources.mysql.digest import TableDigest
from resources.mysql.schema import Schema

MANIFEST = Manifest(
    id="20261123T120000Z-0001-full",
    timestamp="2026-11-23T12:00:00.000Z",
    size=20,
    schema_version="20260101000000_init",
    engine="clone",
    engine_reason="the server can be cloned",
    database="shop",
    server_uuid="u",
    server_version="9.7.4",
    server_variables={"sql_mode": ""},
    gtid_executed="",
    binlog_file="binlog.000001",
    binlog_position=157,
    files=(StoredFile("shop/a@0060b.ibd", 100, "0" * 64, 20, "1" * 64),),
    folders=("shop", "empty"),
    tables={"näme`": TableDigest(2, 12345)},
    schema_digest="2" * 64,
    schema=Schema(tables={"näme`": "CREATE TABLE …"}),
    proof=Proof(True, "2026-11-23T12:00:05.000Z", "here", 1.25, "started"),
    notes=("a note",),
    timings={"clone": 1.5},
    file_path="/somewhere/20261123T120000Z-0001-full",
)


def test_what_is_written_is_what_is_read():
    assert decode(MANIFEST.encode(), MANIFEST.file_path) == MANIFEST
    assert decode(MANIFEST.encode(), "/moved").file_path == "/moved"


def test_the_file_is_json_that_a_person_can_read_and_holds_its_own_digest():
    import hashlib

    text = MANIFEST.encode().decode()
    stored = json.loads(text)
    assert stored["manifest"]["database"] == "shop"
    body = text[text.index('"manifest": ') + len('"manifest": ') : text.rindex("\n}")]
    assert hashlib.sha256(body.encode()).hexdigest() == stored["sha256"]


def test_every_flipped_byte_is_noticed():
    data = MANIFEST.encode()
    for position in range(len(data)):
        for bit in (0x01, 0x20, 0x80):
            damaged = bytearray(data)
            damaged[position] ^= bit
            with pytest.raises(DamagedManifestError):
                decode(bytes(damaged), "")


@pytest.mark.parametrize(
    "damaged", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format": 1}']
)
def test_what_is_no_manifest_is_a_clear_error(damaged):
    with pytest.raises(DamagedManifestError, match="are no manifest"):
        decode(damaged, "")


def test_every_truncation_is_noticed():
    data = MANIFEST.encode()
    for length in range(0, len(data), 7):
        with pytest.raises(DamagedManifestError):
            decode(data[:length], "")
    with pytest.raises(DamagedManifestError):
        decode(data[:-1], "")
    with pytest.raises(DamagedManifestError):
        decode(data + b"\n", "")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", ""])
def test_a_path_that_leads_out_is_refused_even_when_the_digest_is_right(path):
    evil = replace(MANIFEST, files=(replace(MANIFEST.files[0], path=path),))
    with pytest.raises(DamagedManifestError, match="leads out"):
        decode(evil.encode(), "")
    with pytest.raises(DamagedManifestError, match="leads out"):
        decode(replace(MANIFEST, folders=(path,)).encode(), "")


def test_a_format_of_a_later_dbsync_is_named():
    later = MANIFEST.encode().replace(b'"format": 2', b'"format": 3')
    with pytest.raises(DamagedManifestError, match="format 3"):
        decode(later, "")


def test_an_incremental_backup_comes_back_with_its_span():
    span = BinlogSpan("binlog.000001", 157, "", "binlog.000002", 4711, "", "2026-11-23T10:00:00Z", "")
    one = replace(MANIFEST, type="incremental", parent=MANIFEST.id, span=span)
    assert decode(one.encode(), one.file_path) == one


def test_the_contract_s_fields():
    assert list(MANIFEST.info.as_dict()) == ["id", "timestamp", "type", "size", "schema_version", "file_path"]
