"""Encrypted stored files: the age format, whole or refused, in flat memory."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from resources.backup import archive
from resources.backup.age import Decryptor, Encryptor
from resources.backup.age_keys import library, opens_own, parse_recipients, read_identities
from resources.backup.archive import MismatchError, pack, plain_blocks, unpack, verify
from resources.backup.storage_io import REAL, StorageIo
from resources.errors import BackupKeyError, DiskFullError, SettingsError
from resources.redact import redact
from tests.support.age_keys import KeyPair, key_pair

CONTENTS = {
    "empty": b"",
    "one": b"x",
    "chunk": os.urandom(64 << 10),  # of the age format, to the byte
    "text": b"words and words " * 5000,
    "large": os.urandom((5 << 20) + 17),
    "folder/#odd@0060name.ibd": os.urandom(1 << 16) * 4,
}


@pytest.fixture
def keys(tmp_path) -> KeyPair:
    return key_pair(tmp_path / "key.txt")


@pytest.fixture
def for_keys(keys) -> StorageIo:
    return replace(REAL, recipients=(keys.recipient,))


def test_what_was_encrypted_comes_back_byte_for_byte(source, backup, tmp_path, keys, for_keys):
    files = pack(source, list(CONTENTS), backup, for_keys)
    verify(backup, files)  # needs no key
    unpack(backup, files, [], tmp_path / "out", identity=keys.path)
    assert {file.path: (tmp_path / "out" / file.path).read_bytes() for file in files} == CONTENTS


def test_on_the_disk_there_is_an_age_file_around_a_zstd_file_and_nothing_else(source, backup, keys, for_keys):
    files = pack(source, list(CONTENTS), backup, for_keys)
    stored = sorted(str(path.relative_to(backup)) for path in backup.rglob("*") if path.is_file())
    assert stored == sorted(f"files/{name}.zst.age" for name in CONTENTS)
    for file in files:
        sealed = (backup / file.stored_name).read_bytes()
        assert sealed.startswith(b"age-encryption.org/v1\n") and len(sealed) == file.stored_length
        inner = library().decrypt(sealed, read_identities(keys.path))
        assert zstandard.ZstdDecompressor().decompressobj().decompress(inner) == CONTENTS[file.path]


def test_each_of_several_recipients_opens_it_and_nobody_else(source, backup, tmp_path, keys):
    other, stranger = key_pair(tmp_path / "other.txt"), key_pair(tmp_path / "stranger.txt")
    [file] = pack(source, ["text"], backup, replace(REAL, recipients=(keys.recipient, other.recipient)))
    for one in (keys, other):
        assert b"".join(plain_blocks(backup, file, one.path)) == CONTENTS["text"]
    with pytest.raises(BackupKeyError, match="does not open") as refused:
        b"".join(plain_blocks(backup, file, stranger.path))
    assert str(stranger.path) in refused.value.why
    with pytest.raises(BackupKeyError, match="no key is given"):
        b"".join(plain_blocks(backup, file))


@pytest.mark.parametrize("name", ["one", "text"])
def test_every_flipped_byte_and_every_lost_end_is_noticed_also_while_reading(
    source, backup, keys, for_keys, name
):
    [file] = pack(source, [name], backup, for_keys)
    path = backup / file.stored_name
    data = path.read_bytes()
    for position in range(0, len(data), max(1, len(data) // 150)):
        damaged = bytearray(data)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(MismatchError):
            verify(backup, [file])
        with pytest.raises((MismatchError, BackupKeyError)):
            b"".join(plain_blocks(backup, file, keys.path))
        path.write_bytes(data[:position])
        lying = replace(file, stored_length=position)
        with pytest.raises(MismatchError):
            b"".join(plain_blocks(backup, lying, keys.path))


def test_a_reader_that_stops_early_leaves_no_thread_behind(source, backup, keys, for_keys):
    [file] = pack(source, ["large"], backup, for_keys)
    before = threading.active_count()
    for _ in range(5):
        reading = plain_blocks(backup, file, keys.path)
        assert next(reading)
        reading.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("call", ["create", "write"])
def test_a_full_disk_under_the_encryption_is_a_full_disk(source, backup, for_keys, call):
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = threading.active_count()
    with pytest.raises(DiskFullError):
        pack(source, list(CONTENTS), backup, replace(for_keys, **{call: full}))
    assert threading.active_count() == before


def test_an_encryptor_that_is_given_up_ends(keys):
    written: list[bytes] = []
    one = Encryptor((keys.recipient,), written.append)
    one.write(b"half")
    one.abort()
    with pytest.raises(Exception, match=r"."):
        library().decrypt(b"".join(written), read_identities(keys.path))


def test_a_decryptor_gives_what_the_encryptor_took_in_pieces_of_any_size(keys):
    written: list[bytes] = []
    one = Encryptor((keys.recipient,), written.append)
    pieces = [os.urandom(size) for size in (1, 65536, 3, 1 << 20, 65535, 700_001)]
    for piece in pieces:
        one.write(piece)
    one.finish()
    got = bytearray()
    with Decryptor(io.BytesIO(b"".join(written)), keys.path, "test") as reader:  # type: ignore[arg-type]
        while block := reader.read(77_777):
            got += block
    assert got == b"".join(pieces)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no key"),
        ("# only a comment\n", "no key"),
        ("AGE-SECRET-KEY-1NOTAKEY\n", "no AGE-SECRET-KEY"),
        ("age1qqqq\n", "no AGE-SECRET-KEY"),
    ],
)
def test_an_identity_file_that_is_none_is_refused_without_repeating_it(tmp_path, text, why):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(BackupKeyError) as refused:
        read_identities(path)
    assert why in refused.value.why and str(path) in refused.value.where
    assert "NOTAKEY" not in str(refused.value)
    with pytest.raises(BackupKeyError, match="cannot be used"):
        read_identities(tmp_path / "missing")


def test_a_secret_key_in_the_place_of_a_recipient_is_refused_and_never_shown(keys):
    secret = keys.secret
    with pytest.raises(SettingsError) as refused:
        parse_recipients([secret])
    assert secret not in str(refused.value) and redact(secret) != secret
    with pytest.raises(SettingsError, match="no age recipient"):
        parse_recipients(["age1nobody"])


def test_whether_this_machine_can_read_what_it_writes(tmp_path, keys):
    stranger = key_pair(tmp_path / "stranger.txt")
    assert opens_own((stranger.recipient, keys.recipient), keys.path)
    assert not opens_own((stranger.recipient,), keys.path)
    assert not opens_own((keys.recipient,), None)


MEMORY = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from resources.backup.archive import pack, unpack
from resources.backup.storage_io import REAL
work, recipient = Path(sys.argv[1]), sys.argv[2]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
files = pack(work / "source", ["large", "zeros"], work, replace(REAL, recipients=(recipient,)))
unpack(work, files, [], work / "out", identity=work / "key.txt")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_files(tmp_path, keys):
    (tmp_path / "source").mkdir()
    with (tmp_path / "source" / "large").open("wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(200):
            file.write(block)
    with (tmp_path / "source" / "zeros").open("wb") as file:
        file.truncate(512 << 20)
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path), keys.recipient],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(archive.__file__).parents[2])},
    )
    assert int(run.stdout) * 1024 < 80 << 20
