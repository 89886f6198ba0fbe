"""Where a request comes from: the peer, or what a trusted proxy says of it."""

from collections.abc import Iterable
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

_LONGEST = 100
"""Characters of an address, with its zone and its port; whatever is longer is none."""


class TrustedProxies:
    """Networks (`10.0.0.0/8`, single addresses) whose `X-Forwarded-For` is believed.

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

    def client_address(self, peer: str, forwarded_for: str) -> str:
        """The nearest address that no trusted proxy vouches for: the header is read from the right."""
        address = canonical(peer) or ""
        for hop in reversed(forwarded_for.split(",")):
            named = canonical(hop)
            if named is None or not self.trusts(address):
                break
            address = named
        return address


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


@cache
def _trusted(networks: tuple[str, ...]) -> TrustedProxies:
    return TrustedProxies(networks)


def client_address(request: HttpRequest) -> str:
    """The address of the client of an HTTP request; of proxies, only `TRUSTED_PROXIES` are believed."""
    proxies = _trusted(tuple(settings.TRUSTED_PROXIES))
    return proxies.client_address(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def is_from_trusted_proxy(request: HttpRequest) -> bool:
    """Whether the peer itself is one of `TRUSTED_PROXIES`."""
    return _trusted(tuple(settings.TRUSTED_PROXIES)).trusts(canonical(request.META.get("REMOTE_ADDR", "")) or "")


def counted_as(address: str) -> str:
    """What an address counts as in a rate limit: one customer has a whole /64 of IPv6 to choose from."""
    known = canonical(address)
    if known is None or ":" not in known:
        return known or address
    return str(IPv6Network((int(ip_address(known)), 64), strict=False))
