"""The distribution's mydumper in a private folder, fetched as the private MySQL is; never installed."""

from __future__ import annotations

import shlex
from pathlib import Path

from resources.mysql.installation import unpacked_loader
from tests.support.debian_package import unpacked_package


def debian_mydumper(tools: Path) -> Path:
    """The mydumper program, its myloader beside it. Raises UnusableError where apt has none."""
    home = (tools / "mydumper").resolve()
    return _programs(unpacked_package("mydumper", home), home / "bin")


def _programs(tree: Path, folder: Path) -> Path:
    """Scripts that start the two with the libraries that came along, login plugins included."""
    loader, _, places = unpacked_loader(tree)
    triplet = Path(loader).parent.name
    libraries = f"{places}:{tree}/usr/lib/{triplet}:{tree}/lib/{triplet}"
    folder.mkdir(exist_ok=True)
    for name in ("mydumper", "myloader"):
        command = shlex.join([loader, "--library-path", libraries, str(tree / "usr" / "bin" / name)])
        script = folder / name
        plugins = shlex.quote(f"{tree}/usr/lib/{triplet}/libmariadb3/plugin")
        text = f'#!/bin/sh\nexport MARIADB_PLUGIN_DIR={plugins}\nexec {command} "$@"\n'
        if not script.exists() or script.read_text() != text:
            script.write_text(text)
            script.chmod(0o755)
    return folder / "mydumper"
