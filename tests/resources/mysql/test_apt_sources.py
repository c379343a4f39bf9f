from __future__ import annotations

import pytest

from resources.mysql.apt_sources import (
    AptSource,
    debian_unstable,
    of_release,
    parse_deb822,
    parse_one_line,
    read_sources,
)

DEBIAN = """\
Types: deb
# a comment between fields
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://vendor.example/apt
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
"""

UBUNTU = """\
# deb cdrom:[Ubuntu]/ noble main
deb http://mirror.example/ubuntu/ noble main restricted universe
deb-src http://mirror.example/ubuntu/ noble main
deb [arch=amd64 signed-by=/usr/share/keyrings/u.gpg] mirror+file:/etc/apt/mirrors.txt noble-updates main # x
deb [trusted=yes] http://mirror.example/ubuntu noble-security main universe
deb http://ppa.example/mysql/ubuntu noble main
deb https://flat.example/repo ./
"""


def test_debian_unstable_is_asked_of_the_machines_own_mirror_with_its_own_key():
    assert debian_unstable(parse_deb822(DEBIAN), "bookworm") == [
        AptSource(
            ("http://mirror.example/debian",),
            ("unstable",),
            ("main",),
            "/usr/share/keyrings/debian-archive-keyring.gpg",
        )
    ]


def test_the_security_archive_is_never_asked_for_unstable():
    only_security = [one for one in parse_deb822(DEBIAN) if "security" in one.uris[0]]
    assert only_security and debian_unstable(only_security, "bookworm") == []


def test_vendors_and_disabled_sources_are_left_out():
    uris = {one.uris[0] for one in of_release(parse_deb822(DEBIAN), "bookworm")}
    assert uris == {"http://mirror.example/debian", "http://mirror.example/debian-security"}


def test_one_line_sources_keep_mirror_lists_and_keys():
    found = of_release(parse_one_line(UBUNTU), "noble")
    assert [(one.uris[0], one.suites[0]) for one in found] == [
        ("http://mirror.example/ubuntu/", "noble"),
        ("mirror+file:/etc/apt/mirrors.txt", "noble-updates"),
        ("http://mirror.example/ubuntu", "noble-security"),
        ("http://ppa.example/mysql/ubuntu", "noble"),
    ]
    assert found[1].signed_by == "/usr/share/keyrings/u.gpg"


def test_a_source_trusted_without_signature_on_the_machine_is_not_so_here():
    stanzas = "\n".join(one.stanza() for one in parse_one_line(UBUNTU))
    assert "trusted" not in stanzas.lower()


def test_an_embedded_key_survives_the_way_into_the_private_list():
    block = (
        "Types: deb\nURIs: http://m.example/debian\nSuites: trixie\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n"
        " -----END PGP PUBLIC KEY BLOCK-----\n"
    )
    once = parse_deb822(block)
    assert parse_deb822(once[0].stanza()) == once
    assert "\n .\n mQINBF\n" in once[0].stanza()


@pytest.mark.parametrize("suite", ["stable", "unstable", "sid", "testing"])
def test_rolling_suite_names_count_as_the_release(suite):
    sources = parse_one_line(f"deb http://m.example/debian {suite} main")
    assert debian_unstable(sources, "forky") != []


def test_both_notations_are_read_from_the_configuration_folder(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n")
    (tmp_path / "sources.list.d" / "b.list").write_text("deb http://b.example/debian bookworm main\n")
    (tmp_path / "sources.list.d" / "c.sources").write_text(DEBIAN)
    (tmp_path / "sources.list.d" / "d.sources.disabled").write_text(DEBIAN)
    assert len(read_sources(tmp_path)) == 5
