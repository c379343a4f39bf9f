"""A real sshd on loopback for the user that runs the tests; fetched, never installed."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from resources.mysql.installation import UnusableError
from tests.support.debian_package import unpacked_package


@dataclass(frozen=True)
class SshServer:
    port: int
    user: str
    key: str
    """Private key that it lets in."""
    known_hosts: str


@contextmanager
def ssh_server(tools: Path, folder: Path) -> Iterator[SshServer]:
    """Raises UnusableError where there is none."""
    tree = unpacked_package("openssh-server", (tools / "openssh-server").resolve())
    for name in ("host", "key"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/key.pub\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\n"
    )
    (libraries,) = {str(path.parent) for path in tree.glob("usr/lib/*/libwrap.so.0")}
    command = [str(tree / "usr/sbin/sshd"), "-D", "-e", "-f", str(config)]
    if os.getuid() == 0:
        command = ["unshare", "-m", "sh", "-c", f"{_own_machine(folder)} && exec {shlex.join(command)}"]
    with (folder / "sshd.log").open("w") as log:
        process = subprocess.Popen(
            command,
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LD_LIBRARY_PATH": libraries},
            stdout=log,
            stderr=log,
        )
    try:
        _wait(process, port, folder / "sshd.log")
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        user = _run("id", "-un").strip()
        yield SshServer(port, user, (folder / "key").read_text(), f"[127.0.0.1]:{port} {host_key}")
    finally:
        process.terminate()
        process.wait(10)


def _own_machine(folder: Path) -> str:
    """As root it wants a user and a folder of its own; both are seen by this process alone."""
    (folder / "passwd").write_text(
        Path("/etc/passwd").read_text() + "sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin\n"
    )
    mount = f"mount --bind {shlex.quote(str(folder / 'passwd'))} /etc/passwd"
    return f"{mount} && mount -t tmpfs none /run && mkdir -m 755 /run/sshd"


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise UnusableError(f"sshd did not start: {log.read_text()}")


def _run(*command: str) -> str:
    return subprocess.run(
        command, env={"PATH": "/usr/bin:/bin"}, check=True, capture_output=True, text=True, timeout=30
    ).stdout
