"""The address of a client: the peer, or what trusted proxies say of it."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from django.http import HttpRequest

_MAX_LENGTH = 100
"""Characters of an address with zone and port; a longer text is not parsed."""

_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}


class ClientOrigin(NamedTuple):
    """A client as trusted proxies see it. `scheme` is `http` or `https`, or None if they do not say."""

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

    def client(self, peer: str, forwarded_for: str = "", forwarded_proto: str = "") -> ClientOrigin:
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
        return ClientOrigin(address, _scheme(forwarded_proto, proxies) if proxies else None)


def _scheme(forwarded_proto: str, proxies: int) -> str | None:
    """Each proxy adds an entry or replaces them all: of more entries than proxies, the first are the client's own."""
    return _SCHEMES.get(forwarded_proto.split(",")[-proxies:][0].strip().lower())


def canonical(text: str) -> str | None:
    """An address without port and brackets; IPv4 in IPv6 as IPv4. None where there is none."""
    text = text.strip()
    return _canonical(text) if len(text) <= _MAX_LENGTH else None


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


def rate_limit_key(address: str) -> str:
    """The key of an address in a rate limit: of IPv6 the /64 network, which belongs to one customer."""
    known = canonical(address)
    if known is None or ":" not in known:
        return known or address
    return str(IPv6Network((int(ip_address(known)), 64), strict=False))
