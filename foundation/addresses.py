"""Where a request comes from: the peer, or what trusted proxies say of it."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from django.http import HttpRequest

_LONGEST = 100
"""Characters of an address, with its zone and its port; whatever is longer is none."""

_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}


class Seen(NamedTuple):
    """A client as trusted proxies see it. `scheme` is `http` or `https`, None where they do not tell."""

    address: str
    scheme: str | None


class TrustedProxies:
    """Networks (`10.0.0.0/8`, single addresses) whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.

    `unix` stands for a peer without an address, a proxy that speaks through a Unix socket.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        networks = set(networks)
        self._unix = "unix" in networks
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(network) for network in networks - {"unix"}]

    def trusts(self, address: str) -> bool:
        if not address:
            return self._unix
        return any(ip_address(address) in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str = "", forwarded_proto: str = "") -> Seen:
        """The nearest address that no trusted proxy vouches for, and the scheme that the last of these proxies saw.

        Both headers are read from the right, as far as trusted proxies have written them.
        """
        address, proxies = canonical(peer) or "", 0
        hops = reversed(forwarded_for.split(","))
        while self.trusts(address):
            proxies += 1
            named = canonical(next(hops, ""))
            if named is None:
                break
            address = named
        return Seen(address, _scheme(forwarded_proto, proxies) if proxies else None)


def _scheme(forwarded_proto: str, proxies: int) -> str | None:
    """Each proxy adds an entry or replaces them all: of more entries than proxies, the first are the client's own."""
    return _SCHEMES.get(forwarded_proto.split(",")[-proxies:][0].strip().lower())


def canonical(text: str) -> str | None:
    """An address without port and brackets; IPv4 in IPv6 as IPv4. None where there is none."""
    text = text.strip()
    return _canonical(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=1_024)
def _canonical(text: str) -> str | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def client_address(request: HttpRequest) -> str:
    """The address of the client of an HTTP request, which `SocketApp` has resolved (`socketio_server.SocketApp`)."""
    return canonical(request.META.get("REMOTE_ADDR", "")) or ""


def counted_as(address: str) -> str:
    """What an address counts as in a rate limit: one customer has a whole /64 of IPv6 to choose from."""
    known = canonical(address)
    if known is None or ":" not in known:
        return known or address
    return str(IPv6Network((int(ip_address(known)), 64), strict=False))
