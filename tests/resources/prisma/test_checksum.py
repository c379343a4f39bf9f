"""Checksums as Prisma writes and compares them."""

import hashlib

import pytest

from resources.prisma.checksum import checksum, matches

UNIX = b"CREATE TABLE a (id INT);\nSELECT 1;\n"
DOS = UNIX.replace(b"\n", b"\r\n")


def test_checksum_is_the_sha256_of_the_bytes_of_a_valid_file() -> None:
    assert checksum(UNIX) == hashlib.sha256(UNIX).hexdigest()
    assert checksum(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_invalid_bytes_are_hashed_as_the_replacement_character() -> None:
    assert checksum(b"-- \xe9\n") == hashlib.sha256("-- \ufffd\n".encode()).hexdigest()
    # A truncated sequence is one replacement, as in Node.
    assert checksum(b"\xf0\x9f\x98") == hashlib.sha256("\ufffd".encode()).hexdigest()


def test_a_byte_order_mark_is_hashed() -> None:
    assert checksum(b"\xef\xbb\xbfSELECT 1") == hashlib.sha256(b"\xef\xbb\xbfSELECT 1").hexdigest()


@pytest.mark.parametrize(("file", "stored"), [(UNIX, DOS), (DOS, UNIX), (UNIX, UNIX), (DOS, DOS)])
def test_other_line_endings_are_the_same_migration(file: bytes, stored: bytes) -> None:
    assert matches(file, checksum(stored))


def test_mixed_line_endings_do_not_match_what_was_pure_crlf() -> None:
    mixed = DOS.replace(b"\r\n", b"\n", 1)
    assert not matches(mixed, checksum(DOS))
    assert matches(mixed, checksum(UNIX))


def test_any_other_change_is_an_edit() -> None:
    assert not matches(UNIX + b" ", checksum(UNIX))
    assert not matches(UNIX, "")
    assert not matches(UNIX, checksum(UNIX).upper())


def test_legacy_checksums_without_leading_zeros_match() -> None:
    # Contents whose digest has a byte below 16, which old versions wrote as one digit.
    content = next(c for c in (b"SELECT %d" % n for n in range(100)) if min(hashlib.sha256(c).digest()) < 16)
    legacy = "".join(f"{byte:x}" for byte in hashlib.sha256(content).digest())
    assert len(legacy) < 64
    assert matches(content, legacy)
    assert not matches(content + b" ", legacy)
