"""apt on lists, cache and a package database of its own: nothing of the machine is changed.

It has the machine's mirror, proxy and keys, and signatures are checked as always. Its package
database is empty, so that every library comes along.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from resources.child_environment import child_environment
from resources.mysql.apt_sources import AptSource
from resources.mysql.installation import UnusableError

_TIMEOUT = 900


class PrivateApt:
    """apt on folders of its own."""

    def __init__(self, folder: Path, sources: Sequence[AptSource]) -> None:
        self.folder = folder.absolute()
        for name in ("lists/partial", "cache/archives/partial", "state", "log", "none"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "status").touch()
        (self.folder / "machine.sources").write_text("\n".join(source.stanza() for source in sources))
        # apt reads APT_CONFIG first, then the machine's apt.conf.d (its proxy, say), then `main`.
        # Ours is `main`, so it has the last word, and can clear the machine's hooks: those act
        # on the system (PackageKit, command-not-found), which is not to be touched.
        (self.folder / "first.conf").write_text(f'Dir::Etc::main "{self.folder}/main.conf";\n')
        machine_main = Path("/etc/apt/apt.conf")
        include = machine_main.read_text() if machine_main.is_file() else ""
        (self.folder / "main.conf").write_text(
            f"{include}\n"
            "#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n"
            "#clear APT::Update::Post-Invoke-Success;\n#clear APT::Install::Pre-Invoke;\n"
            "#clear DPkg::Pre-Invoke;\n#clear DPkg::Post-Invoke;\n#clear DPkg::Pre-Install-Pkgs;\n"
            f'Dir::Etc::sourcelist "{self.folder}/machine.sources";\n'
            f'Dir::Etc::sourceparts "{self.folder}/none";\n'
            f'Dir::Etc::preferences "{self.folder}/none/preferences";\n'
            f'Dir::Etc::preferencesparts "{self.folder}/none";\n'
            f'Dir::State "{self.folder}/state";\n'
            f'Dir::State::lists "{self.folder}/lists";\n'
            f'Dir::State::status "{self.folder}/status";\n'
            f'Dir::Cache "{self.folder}/cache";\n'
            f'Dir::Cache::archives "{self.folder}/cache/archives";\n'
            f'Dir::Log "{self.folder}/log";\n'
            # The folder is ours alone (0700), so apt's own user could not read it.
            'APT::Sandbox::User "root";\n'
            'APT::Get::AllowUnauthenticated "false";\nAcquire::AllowInsecureRepositories "false";\n'
            'Acquire::Retries "2";\nAcquire::http::Timeout "20";\nAcquire::https::Timeout "20";\n'
            'Acquire::Languages "none";\nAPT::Install-Recommends "false";\n'
        )
        self.environment = child_environment(
            network=True,
            APT_CONFIG=str(self.folder / "first.conf"),
            LC_ALL="C",
            DEBIAN_FRONTEND="noninteractive",
        )

    def update(self) -> None:
        # Any: a source that cannot be read is an error, not a warning that leaves the list empty.
        self.run(["apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update"], "apt-get update failed")

    def fetch(self, names: Sequence[str]) -> list[Path]:
        """The .deb files of the packages with all that they need. Raises UnusableError."""
        self.run(
            ["apt-get", "-q", "-y", "--download-only", "--no-install-recommends", "install", *names],
            f"apt could not download {names[0]}",
        )
        return sorted((self.folder / "cache" / "archives").glob("*.deb"))

    def run(self, command: list[str], failure: str) -> str:
        """What the command said. Raises UnusableError."""
        return run(command, failure, self.environment)


def run(command: list[str], failure: str, environment: dict[str, str] | None = None) -> str:
    try:
        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env=environment or child_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnusableError(f"{failure}: {error}") from error
    if run.returncode != 0:
        said = " ".join((run.stderr.strip() or run.stdout.strip()).split())
        raise UnusableError(f"{failure} ({run.returncode}): {said[-500:]}")
    return run.stdout
