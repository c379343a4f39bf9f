"""Which addresses a message may go to."""

from __future__ import annotations

import pytest

from resources.http.reach import Reach

PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"]
PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "::1", "fd12::1", "::ffff:10.0.0.1"]
NEVER = [
    "169.254.169.254",
    "169.254.1.1",
    "100.100.100.200",
    "100.64.0.1",
    "0.0.0.0",
    "::",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_always_permitted(address):
    assert Reach().permits("host", address) and Reach(private=True).permits("host", address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_ones_only_where_they_are_meant_or_named(address):
    assert not Reach().permits("host", address)
    assert Reach(private=True).permits("host", address)
    assert Reach(named=("host",)).permits("Host.", address)
    assert not Reach(named=("other", "11.0.0.0/8")).permits("host", address)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_metadata_and_such_only_where_they_are_named(address):
    assert not Reach().permits("host", address) and not Reach(private=True).permits("host", address)
    assert Reach(named=("host",)).permits("host", address)


def test_a_network_permits_what_lies_in_it():
    reach = Reach(named=("10.0.0.0/8", "fd00::/8"))
    assert reach.permits("host", "10.9.9.9") and reach.permits("host", "fd01::2")
    assert not reach.permits("host", "192.168.0.1") and not reach.permits("host", "::1")
