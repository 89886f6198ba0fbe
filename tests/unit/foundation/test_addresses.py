"""Whose address a request has: nobody may choose it, and proxies may tell it."""

import pytest
from django.test import RequestFactory

from foundation.addresses import TrustedProxies, canonical, client_address, counted_as

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
def test_the_nearest_address_that_no_proxy_vouches_for(peer, forwarded, seen):
    assert TrustedProxies(["10.0.0.0/8"]).client_address(peer, forwarded) == seen


def test_a_unix_socket_may_be_trusted():
    assert TrustedProxies(["unix"]).client_address("", "198.51.100.1") == "198.51.100.1"


@pytest.mark.parametrize("wrong", ["10.0.0.1/8", "example.com", "10.0.0.0/99"])
def test_what_is_no_network_is_refused(wrong):
    with pytest.raises(ValueError, match=wrong.partition("/")[0]):
        TrustedProxies([wrong])


def test_asking_again_with_the_answer_changes_nothing():
    """The address of a scope that a guard has rewritten is looked at again by the views."""
    proxies, header = TrustedProxies(["10.0.0.0/8"]), f"1.1.1.1, 198.51.100.1, {FAR}"
    once = proxies.client_address(NEAR, header)
    assert proxies.client_address(once, header) == once


def test_of_a_request_by_the_settings(settings):
    request = RequestFactory().get("/", REMOTE_ADDR=NEAR, HTTP_X_FORWARDED_FOR="198.51.100.1")
    settings.TRUSTED_PROXIES = []
    assert client_address(request) == NEAR
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert client_address(request) == "198.51.100.1"


def test_canonical_form():
    assert canonical(" 2001:DB8:0::1 ") == "2001:db8::1"
    assert canonical("::ffff:192.0.2.1") == "192.0.2.1"
    assert canonical("192.0.2.1:80") == "192.0.2.1"
    assert canonical("no") is None


def test_a_limit_counts_one_ipv6_customer_once():
    assert counted_as("2001:db8:1:2::3") == counted_as("2001:db8:1:2:ffff::") == "2001:db8:1:2::/64"
    assert counted_as("2001:db8:1:3::3") != counted_as("2001:db8:1:2::3")
    assert counted_as("fe80::1%eth0") == "fe80::/64"
    assert counted_as("192.0.2.1") == counted_as("::ffff:192.0.2.1") == "192.0.2.1"
    assert counted_as("unknown") == "unknown"
