"""The distribution's own package source, read from the machine's apt configuration.

The mirror and the keyring are the machine's; dbsync names neither.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

# Suites by which a Debian or Ubuntu machine may name its release besides the code name.
_ROLLING = frozenset({"stable", "testing", "unstable", "sid"})


@dataclass(frozen=True)
class AptSource:
    """One deb822 stanza: where, which suites, which components, and whose signature."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    """A path, a fingerprint, or a whole key block with its line breaks; "" for apt's trusted keys."""

    def stanza(self) -> str:
        lines = [
            "Types: deb",
            f"URIs: {' '.join(self.uris)}",
            f"Suites: {' '.join(self.suites)}",
            f"Components: {' '.join(self.components)}",
        ]
        if self.signed_by:
            lines.append(
                f"Signed-By: {self.signed_by}"
                if "\n" not in self.signed_by
                else f"Signed-By:{self.signed_by}"
            )
        return "\n".join(lines) + "\n"


def read_sources(etc_apt: Path = Path("/etc/apt")) -> list[AptSource]:
    """Every enabled binary source of the machine, in both of apt's notations."""
    found: list[AptSource] = []
    lists = [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            found.extend(parse_one_line(path.read_text(encoding="utf-8", errors="replace")))
    for path in sorted((etc_apt / "sources.list.d").glob("*.sources")):
        found.extend(parse_deb822(path.read_text(encoding="utf-8", errors="replace")))
    return found


def parse_one_line(text: str) -> list[AptSource]:
    """`deb [signed-by=…] URI SUITE COMPONENT…` lines."""
    found: list[AptSource] = []
    for line in text.splitlines():
        matched = re.match(r"\s*deb\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<rest>[^#]*)", line)
        if not matched:
            continue
        words = matched["rest"].split()
        if len(words) < 3:
            continue
        options = dict(
            option.split("=", 1) for option in shlex.split(matched["options"] or "") if "=" in option
        )
        signed_by = options.get("signed-by", "").replace(",", " ")
        found.append(AptSource((words[0],), (words[1],), tuple(words[2:]), signed_by))
    return found


def parse_deb822(text: str) -> list[AptSource]:
    """`Types: deb` stanzas; a field may go on over indented lines (a key block does)."""
    found: list[AptSource] = []
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t"):
                fields[name] = fields.get(name, "") + "\n" + line
            elif ":" in line:
                name, _, content = line.partition(":")
                name = name.strip().lower()
                fields[name] = content.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        if fields.get("uris") and fields.get("suites") and fields.get("components"):
            found.append(
                AptSource(
                    tuple(fields["uris"].split()),
                    tuple(fields["suites"].split()),
                    tuple(fields["components"].split()),
                    fields.get("signed-by", ""),
                )
            )
    return found


def of_release(sources: list[AptSource], codename: str) -> list[AptSource]:
    """The sources of the running release itself: its suite, its updates and its security fixes.

    Other vendors' sources are left out: one of them being broken would fail the
    update, and a "MySQL" of theirs would not be the distribution's.
    """
    wanted: list[AptSource] = []
    for source in sources:
        suites = tuple(
            suite
            for suite in source.suites
            if suite.split("-")[0] in {codename, *_ROLLING} and "/" not in suite
        )
        if suites and "main" in source.components:
            wanted.append(replace(source, suites=suites))
    return wanted


def debian_unstable(sources: list[AptSource], codename: str) -> list[AptSource]:
    """The mirror of the running Debian release, asked for `unstable` instead.

    Security and update suites often live in an archive of their own that has no
    unstable suite, so only a source of the release's plain suite will do.
    """
    for source in sources:
        if "main" in source.components and {codename, *_ROLLING} & set(source.suites):
            return [replace(source, suites=("unstable",), components=("main",))]
    return []
