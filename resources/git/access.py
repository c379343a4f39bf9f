"""How a repository is reached: its address, what logs in there, and how much of it is taken."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from resources.git.names import protocol_of
from resources.git.run import quoted
from resources.redact import remember


@dataclass(frozen=True)
class Access:
    repository: str
    """https, ssh, scp-like (git@host:owner/name) or the folder of a clone."""
    token: str | None = field(default=None, repr=False)
    """Sent as the password of a repository read over https."""
    ssh_key: Path | None = None
    """Private key for ssh; without one, what ssh finds by itself."""
    known_hosts: Path | None = None
    """File with the only keys that an ssh host may have; without one, what ssh knows by itself."""
    ca_file: Path | None = None
    """PEM file of the only authorities that an https server may show; without one, the system's."""
    max_size: int = 4 * 2**30
    """Bytes that the mirror may have."""
    seconds: float = 120.0
    """For one fetch."""

    @property
    def protocol(self) -> str:
        """Raises GitError where the address is none that dbsync asks."""
        return protocol_of(self.repository)

    @property
    def address(self) -> str:
        """The address without the password that it may have: what git is given."""
        if self.protocol == "file":
            return self.repository if "://" in self.repository else str(Path(self.repository).resolve())
        if "://" not in self.repository:
            return self.repository
        parts = urlsplit(self.repository)
        login, at, host = parts.netloc.rpartition("@")
        user = login.partition(":")[0]
        kept = f"{user}{at}{host}" if self.protocol == "ssh" else host
        return parts._replace(netloc=kept).geturl()

    @property
    def has_login(self) -> bool:
        """Whether something is sent over https that should log in."""
        return bool(self.token or ("://" in self.repository and urlsplit(self.repository).password))

    def configuration(self) -> str:
        """Git configuration that logs in, and says whom to trust; for a private file only."""
        if self.protocol not in ("https", "http"):
            return ""
        trusted = f"[http]\n\tsslCAInfo = {quoted(str(self.ca_file))}\n" if self.ca_file else ""
        if not self.has_login:
            return trusted
        parts = urlsplit(self.repository)
        password = self.token or unquote(parts.password or "")
        login = f"{unquote(parts.username or 'x-access-token')}:{password}"
        sent = base64.b64encode(login.encode()).decode()
        for secret in (password, sent):
            remember(secret)
        root = urlsplit(self.address)
        header = f"[http {quoted(f'{root.scheme}://{root.netloc}/')}]\n"
        return f'{trusted}{header}\textraHeader = "Authorization: Basic {sent}"\n'

    def environment(self) -> dict[str, str]:
        """What ssh is started with: never asking, and only a host that is known already."""
        if self.protocol != "ssh":
            return {}
        command = ["ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=10"]
        if self.ssh_key:
            command += ["-oIdentitiesOnly=yes", "-i", str(self.ssh_key)]
        if self.known_hosts:
            file = str(self.known_hosts).replace("%", "%%")
            command += [f'-oUserKnownHostsFile="{file}"', "-oGlobalKnownHostsFile=none"]
        return {"GIT_SSH_COMMAND": shlex.join(command), "GIT_SSH_VARIANT": "ssh"}
