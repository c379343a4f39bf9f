"""Files in, files out; and every way in which what comes out could be something else."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup import archive
from resources.backup.archive import MismatchError, pack, plain_blocks, stored_path, unpack, verify
from resources.backup.storage_io import REAL
from resources.errors import DiskFullError

CONTENTS = {
    "empty": b"",
    "one": b"x",
    "text": b"words and words " * 5000,
    "zeros": bytes(3 << 20),
    "random": os.urandom((1 << 20) + 17),
    "folder/#odd@0060name.ibd": os.urandom(1 << 16) * 4,
}


def test_what_was_packed_is_unpacked_byte_for_byte(source, backup, tmp_path):
    files = pack(source, list(CONTENTS), backup)
    archive.flush(backup)
    verify(backup, files)
    unpack(backup, files, ["void/below"], tmp_path / "out")
    found = {file.path: (tmp_path / "out" / file.path).read_bytes() for file in files}
    assert found == CONTENTS
    assert (tmp_path / "out" / "void" / "below").is_dir()
    assert [file.path for file in files] == sorted(CONTENTS)


def test_nobody_else_may_read_what_is_written(source, backup, tmp_path):
    files = pack(source, list(CONTENTS), backup)
    unpack(backup, files, [], tmp_path / "out")
    for top in (backup / "files", tmp_path / "out"):
        for path in [top, *top.rglob("*")]:
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_the_zstd_tool_s_own_checksum_is_in_every_frame(source, backup):
    import zstandard

    for file in pack(source, list(CONTENTS), backup):
        header = stored_path(backup, file.path).read_bytes()[:18]
        assert zstandard.get_frame_parameters(header).has_checksum


@pytest.mark.parametrize("damage", ["flip", "truncate", "frame edge", "empty", "missing", "longer"])
def test_a_damaged_file_is_named_with_what_was_expected(source, backup, damage):
    files = pack(source, list(CONTENTS), backup)
    victim = next(file for file in files if file.path == "random")
    path = stored_path(backup, "random")
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 4
    new = {"truncate": data[:-1], "frame edge": data[:-4], "empty": b"", "longer": data + b"\0"}.get(
        damage, data
    )
    path.write_bytes(new)
    if damage == "missing":
        path.unlink()
    with pytest.raises(MismatchError) as error:
        verify(backup, files)
    assert error.value.path == "files/random.zst"
    if damage == "flip":
        assert victim.stored_sha256 in error.value.expected
    else:
        assert f"{victim.stored_length:,} bytes" in error.value.expected


def test_every_flipped_byte_of_a_stored_file_is_noticed_also_while_unpacking(source, backup):
    files = {file.path: file for file in pack(source, ["text"], backup)}
    path = stored_path(backup, "text")
    data = path.read_bytes()
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(MismatchError):
            verify(backup, files.values())
        with pytest.raises(MismatchError):
            for _ in plain_blocks(backup, files["text"]):
                pass


def test_a_whole_zstd_file_with_other_contents_is_noticed(source, backup, tmp_path):
    [file] = pack(source, ["one"], backup)
    wrong = replace(file, sha256="0" * 64)
    with pytest.raises(MismatchError, match="inside"):
        unpack(backup, [wrong], [], tmp_path / "out")


def test_an_existing_file_is_never_overwritten(source, backup):
    pack(source, ["one"], backup)
    with pytest.raises(FileExistsError):
        pack(source, ["one"], backup)


@pytest.mark.parametrize("call", ["create", "write", "fsync"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_at_any_call_names_the_path_and_what_is_there(source, backup, call, code):
    def full(*arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    io = replace(REAL, **{call: full})
    with pytest.raises(DiskFullError) as error:
        pack(source, list(CONTENTS), backup, io)
        archive.flush(backup, io)
    assert str(backup) in error.value.what
    assert "have" in error.value.why


def test_another_error_is_not_called_a_full_disk(source, backup):
    def broken(*arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError) as error:
        pack(source, list(CONTENTS), backup, replace(REAL, write=broken))
    assert error.value.errno == errno.EIO


def test_the_first_error_stops_the_other_lane_and_is_the_one_reported(source, backup):
    written: list[int] = []

    def fails_once(stream, data) -> None:
        written.append(len(data))
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFullError):
        pack(source, list(CONTENTS), backup, replace(REAL, write=fails_once))
    assert len(written) <= archive.LANES


MEMORY = """
import resource, sys
from pathlib import Path
from resources.backup.archive import pack, unpack, verify
work = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
files = pack(work / "source", ["large", "zeros"], work)
verify(work, files)
unpack(work, files, [], work / "out")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_files(tmp_path):
    (tmp_path / "source").mkdir()
    with (tmp_path / "source" / "large").open("wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(200):
            file.write(block)
    with (tmp_path / "source" / "zeros").open("wb") as file:
        file.truncate(512 << 20)  # compresses 20,000 to 1: unpacking must not expand a block at once
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(archive.__file__).parents[2])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    )
    grown = int(run.stdout) * 1024
    assert grown < 60 << 20
