"""Which addresses a message may go to, judged after the name was resolved, and a connection to just those.

A name that resolves to a public address now and to the machine's own network a moment later gains
nothing: what was judged is what is connected to.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass


class RefusedAddressError(OSError):
    """No address that a host's name stands for may be connected to."""


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")))
"""Where clouds hand out a machine's credentials."""


@dataclass(frozen=True)
class Reach:
    """`private`: loopback and private networks are meant (a receiver of one's own, a mail relay).
    `named`: host names, addresses and networks of NOTIFY_ALLOW_PRIVATE.
    `anywhere`: whoever set the address may ask whom they like.
    """

    private: bool = False
    named: tuple[str, ...] = ()
    anywhere: bool = False

    def permits(self, host: str, address: str) -> bool:
        """Whether `address`, which `host` resolved to, may be connected to."""
        if self.anywhere:
            return True
        found = _plain(ipaddress.ip_address(address.partition("%")[0]))
        if host.lower().rstrip(".") in self.named or any(_within(found, one) for one in self.named):
            return True
        if found in _METADATA or found.is_multicast:
            return False
        if found.is_global:
            return True
        return self.private and not found.is_unspecified and (found.is_loopback or _is_inside(found))


def _is_inside(address: _Address) -> bool:
    return address.is_private and not address.is_link_local and not address.is_reserved


def _plain(address: _Address) -> _Address:
    """The IPv4 address inside an IPv6 one, where there is one: it is where the packets go."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.sixtofour:
            return address.ipv4_mapped or address.sixtofour or address
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _within(address: _Address, named: str) -> bool:
    try:
        network = ipaddress.ip_network(named, strict=False)
    except ValueError:
        return False
    return address.version == network.version and address in network


def connect(host: str, port: int, reach: Reach, seconds: float) -> socket.socket:
    """A TCP connection. Raises OSError; RefusedAddressError where no address of `host` is permitted."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    permitted = [one for one in found if reach.permits(host, str(one[4][0]))]
    if not permitted:
        raise RefusedAddressError(
            f"{found[0][4][0]} is no public address; NOTIFY_ALLOW_PRIVATE={host} allows it"
        )
    failed: OSError | None = None
    for family, kind, protocol, _, address in permitted:
        opened = socket.socket(family, kind, protocol)
        opened.settimeout(seconds)
        try:
            opened.connect(address)
        except OSError as error:
            opened.close()
            failed = failed or error
        else:
            return opened
    assert failed
    raise failed
