"""Valid prices, their currencies, and their form on the wire."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.flows.money import (
    InvalidPrice,
    decimals,
    format_price,
    is_currency,
    parse_price,
)
from conversations.flows.price_limits import NONE, PriceLimits, general_limits


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("1000", "INR", 100_000),
        ("1000.5", "INR", 100_050),
        ("0.01", "INR", 1),
        ("99999999.99", "INR", 9_999_999_999),
        ("007", "INR", 700),
        (1000, "INR", 100_000),
        (1000.0, "INR", 100_000),
        (10.1, "INR", 1_010),
        (99_999_999.99, "INR", 9_999_999_999),
        ("500", "JPY", 500),
        (500.0, "JPY", 500),
        ("99999999", "JPY", 99_999_999),
        ("1.234", "BHD", 1_234),
        ("99999999.990", "BHD", 99_999_999_990),
        ("0.0001", "CLF", 1),
    ],
)
def test_valid_prices(value, currency, minor):
    assert parse_price(value, currency) == minor


NO_PRICES = [
    "", " ", "0", "0.00", 0, 0.0, -1, -0.01, "-1", "+1", " 1", "1 ", "1,000", "1_000", "1e3", "1E3", "0x1",
    ".5", "5.", "1.2.3", "1.234", "1.000", 1.234, 0.1 + 0.2, 1e-7, "NaN", "Infinity", "1\n", "1\x00",
    "\u0967\u0966\u0966", "\uff11\uff10", "\u00bd", "\u200b1", "\u20b91", b"1", Decimal(1),
    float("nan"), float("inf"), float("-inf"), 1e300, 10**5_000, -(10**5_000), "9" * 10_000, "0" * 10_000,
    "100000000", 100_000_000, "99999999.999", "100000000.00", True, False, None, [], {},
]  # fmt: skip


@pytest.mark.parametrize("value", NO_PRICES, ids=range(len(NO_PRICES)))
def test_invalid_prices(value):
    with pytest.raises(InvalidPrice, match=r".+\."):
        parse_price(value, "INR")


@pytest.mark.parametrize(("value", "currency"), [("1.5", "JPY"), (1.5, "JPY"), ("1.0", "JPY"), ("1.2345", "BHD")])
def test_a_currency_has_its_own_decimals(value, currency):
    with pytest.raises(InvalidPrice, match="decimals"):
        parse_price(value, currency)


@given(st.integers(1, 9_999_999_999), st.sampled_from(["INR", "USD", "JPY", "BHD", "CLF"]))
def test_a_rendered_price_is_parsed_unchanged(minor, currency):
    minor = min(minor, general_limits(currency).largest)
    text = format_price(minor, currency)
    assert parse_price(text, currency) == minor
    assert len(text.partition(".")[2]) == decimals(currency)


@pytest.mark.parametrize(
    ("currency", "smallest", "largest"),
    [("INR", "0.01", "99999999.99"), ("JPY", "1", "99999999"), ("BHD", "0.001", "99999999.990")],
)
def test_general_limits_are_prices_of_the_currency(currency, smallest, largest):
    limits = general_limits(currency)
    assert (format_price(limits.smallest, currency), format_price(limits.largest, currency)) == (smallest, largest)
    assert (parse_price(smallest, currency), limits.step) == (1, 1)


@pytest.mark.parametrize("minor", [10, 20, 99_990])
def test_a_price_within_the_limits(minor):
    PriceLimits(smallest=10, largest=99_990, step=10).check(minor, "KWD")


@pytest.mark.parametrize("minor", [1, 9, 11, 99_989, 99_991, 100_000])
def test_a_price_outside_of_the_limits_is_refused_with_the_limits(minor):
    with pytest.raises(InvalidPrice, match=r"A price in KWD must be from 0\.010 to 99\.990, in steps of 0\.010\."):
        PriceLimits(smallest=10, largest=99_990, step=10).check(minor, "KWD")


def test_a_currency_that_cannot_be_charged_has_no_prices():
    assert NONE.is_empty
    for minor in (1, 100):
        with pytest.raises(InvalidPrice, match="Prices in KPW cannot be charged"):
            NONE.check(minor, "KPW")


def test_currencies():
    assert all(map(is_currency, ["INR", "USD", "EUR", "JPY", "BHD"]))
    assert not any(map(is_currency, ["", "inr", "XXX", "XAU", "ABC", "INR ", None]))
    for code in ("XAU", "ABC"):
        with pytest.raises(ValueError, match=code):
            decimals(code)
