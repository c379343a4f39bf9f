"""How a repository is reached: its address, what logs in there, and how much of it is taken."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from resources.git.names import protocol_of
from resources.redact import remember


@dataclass(frozen=True)
class Access:
    repository: str
    """https, ssh, scp-like (git@host:owner/name) or the folder of a clone."""
    token: str | None = field(default=None, repr=False)
    """Sent as the password of a repository read over https."""
    ssh_key: Path | None = None
    """Private key for ssh; without one, what ssh finds by itself."""
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

    def configuration(self) -> str:
        """Git configuration that logs in; for a private file only."""
        if self.protocol not in ("https", "http"):
            return ""
        parts = urlsplit(self.repository)
        password = self.token or unquote(parts.password or "")
        if not password:
            return ""
        login = f"{unquote(parts.username or 'x-access-token')}:{password}"
        sent = base64.b64encode(login.encode()).decode()
        for secret in (password, sent):
            remember(secret)
        root = urlsplit(self.address)
        return f'[http "{root.scheme}://{root.netloc}/"]\n\textraHeader = "Authorization: Basic {sent}"\n'

    def environment(self) -> dict[str, str]:
        """What ssh is started with: never asking, and only a host that is known already."""
        if self.protocol != "ssh":
            return {}
        command = ["ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oConnectTimeout=10"]
        if self.ssh_key:
            command += ["-oIdentitiesOnly=yes", "-i", str(self.ssh_key)]
        return {"GIT_SSH_COMMAND": shlex.join(command), "GIT_SSH_VARIANT": "ssh"}
