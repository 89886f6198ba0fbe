"""The address of a client: the peer's address, or the address that trusted proxies report."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from django.http import HttpRequest

_MAX_LENGTH = 100
"""Maximum characters of an address with zone and port. A longer text is not parsed."""

_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}


class ClientOrigin(NamedTuple):
    """The address and scheme of a client, as trusted proxies report them. `scheme` is `http`, `https`, or None if no
    proxy reports it."""

    address: str
    scheme: str | None


class TrustedProxies:
    """The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are trusted.

    `networks` are networks (`10.0.0.0/8`) or single addresses; an invalid network raises `ValueError`. `unix` stands
    for a peer without an address, which is a proxy that connects through a Unix socket.
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
        """Return the nearest address that is not a trusted proxy, and the scheme that the proxy next to it saw.

        `peer` is the address of the TCP connection; the other arguments are the values of `X-Forwarded-For` and
        `X-Forwarded-Proto`. Both headers are read from the right, and only the entries of trusted proxies are used.
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
    """Return the scheme that the proxy next to the client saw.

    Each proxy adds an entry or replaces all entries. If there are more entries than proxies, the client sent the first
    entries.
    """
    return _SCHEMES.get(forwarded_proto.split(",")[-proxies:][0].strip().lower())


def canonical(text: str) -> str | None:
    """Return an address without port and brackets, or None if the text is not an address.

    An IPv4-mapped IPv6 address becomes an IPv4 address.
    """
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
    """Return the address of the client of an HTTP request, or `""`. `socketio_server.SocketApp` has resolved it."""
    return canonical(request.META.get("REMOTE_ADDR", "")) or ""


def rate_limit_key(address: str) -> str:
    """Return the key of an address in a rate limit. For IPv6 it is the /64 network, which belongs to one customer."""
    known = canonical(address)
    if known is None or ":" not in known:
        return known or address
    return str(IPv6Network((int(ip_address(known)), 64), strict=False))
