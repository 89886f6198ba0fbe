"""The client address of a request: clients cannot choose it, and trusted proxies report it."""

import pytest
from django.test import RequestFactory

from foundation.addresses import TrustedProxies, canonical, client_address, rate_limit_key

NEAR, FAR = "10.0.0.1", "10.9.9.9"


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (NEAR, "", NEAR),
        (NEAR, "198.51.100.1", "198.51.100.1"),
        (NEAR, "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (NEAR, f"198.51.100.1, {FAR}", "198.51.100.1"),
        (NEAR, f"1.1.1.1, nonsense, {FAR}", FAR),
        (NEAR, "198.51.100.1:55555", "198.51.100.1"),
        (NEAR, "[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_client_is_the_nearest_untrusted_address(peer, forwarded, seen):
    assert TrustedProxies(["10.0.0.0/8"]).client(peer, forwarded).address == seen


def test_a_unix_socket_can_be_trusted():
    assert TrustedProxies(["unix"]).client("", "198.51.100.1", "https") == ("198.51.100.1", "https")


@pytest.mark.parametrize("wrong", ["10.0.0.1/8", "example.com", "10.0.0.0/99"])
def test_an_invalid_network_is_rejected(wrong):
    with pytest.raises(ValueError, match=wrong.partition("/")[0]):
        TrustedProxies([wrong])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "forwarded_proto", "scheme"),
    [
        (NEAR, "198.51.100.1", "https", "https"),
        (NEAR, "198.51.100.1", "http", "http"),
        (NEAR, "198.51.100.1", " HTTPS ", "https"),
        (NEAR, "198.51.100.1", "wss", "https"),
        (NEAR, "198.51.100.1", "ws", "http"),
        (NEAR, "", "https", "https"),
        (NEAR, "nonsense", "https", "https"),
        (NEAR, f"198.51.100.1, {FAR}", "https", "https"),
        ("::ffff:10.0.0.1", "2001:db8::1", "https", "https"),
        # Each proxy adds an entry. The entry of the farthest trusted proxy counts; entries to its left can be forged.
        (NEAR, f"198.51.100.1, {FAR}", "https, http", "https"),
        (NEAR, f"198.51.100.1, {FAR}", "http, https", "http"),
        (NEAR, f"1.1.1.1, 198.51.100.1, {FAR}", "https, http, http", "http"),
        (NEAR, "198.51.100.1", "https, http", "http"),
        (NEAR, "", "https, http", "http"),
        (NEAR, f"1.1.1.1, nonsense, {FAR}", "https, http, http", "http"),
        (NEAR, "198.51.100.1", "", None),
        (NEAR, "198.51.100.1", "nonsense", None),
        (NEAR, "198.51.100.1", "https,", None),
        (NEAR, "198.51.100.1", "https://", None),
        ("203.0.113.7", "198.51.100.1", "https", None),
        ("203.0.113.7", "", "https", None),
        ("", "", "https", None),
        ("nonsense", "", "https", None),
    ],
)
def test_the_scheme_is_that_of_the_proxy_nearest_to_the_client(peer, forwarded_for, forwarded_proto, scheme):
    assert TrustedProxies(["10.0.0.0/8"]).client(peer, forwarded_for, forwarded_proto).scheme == scheme


@pytest.mark.parametrize(
    ("peer", "seen"), [(NEAR, NEAR), ("::ffff:10.0.0.1", NEAR), ("2001:DB8::1", "2001:db8::1"), ("", ""), ("x", "")]
)
def test_the_address_of_a_request_is_its_peer(settings, peer, seen):
    """`SocketApp` has already resolved the client address, so the headers are not read again."""
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert client_address(request) == seen


def test_canonical_form():
    assert canonical(" 2001:DB8:0::1 ") == "2001:db8::1"
    assert canonical("::ffff:192.0.2.1") == "192.0.2.1"
    assert canonical("192.0.2.1:80") == "192.0.2.1"
    assert canonical("no") is None


def test_an_ipv6_network_is_one_key_of_a_limit():
    assert rate_limit_key("2001:db8:1:2::3") == rate_limit_key("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64"
    assert rate_limit_key("2001:db8:1:3::3") != rate_limit_key("2001:db8:1:2::3")
    assert rate_limit_key("fe80::1%eth0") == "fe80::/64"
    assert rate_limit_key("192.0.2.1") == rate_limit_key("::ffff:192.0.2.1") == "192.0.2.1"
    assert rate_limit_key("unknown") == "unknown"
