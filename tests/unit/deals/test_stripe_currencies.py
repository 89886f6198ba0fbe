"""The prices that Stripe can charge, by currency."""

import pytest
from iso4217 import Currency

from conversations.flows.money import format_price, is_currency
from deals.payments.provider import ProviderRefused
from deals.payments.stripe_currencies import (
    CURRENCIES,
    DIGITS,
    OTHER_DECIMALS,
    SMALLEST,
    stripe_decimals,
    stripe_limits,
)
from deals.payments.stripe_provider import from_stripe, to_stripe
from tests.harness.stripe.account import MAX_AMOUNT

TAKEN = [
    ("USD", "0.50", "999999.99", "0.01"),
    ("EUR", "0.50", "999999.99", "0.01"),
    ("GBP", "0.30", "999999.99", "0.01"),
    ("AED", "2.00", "999999.99", "0.01"),
    ("CZK", "15.00", "999999.99", "0.01"),
    ("DKK", "2.50", "999999.99", "0.01"),
    ("HKD", "4.00", "999999.99", "0.01"),
    ("HUF", "175.00", "999999.99", "0.01"),
    ("MXN", "10.00", "999999.99", "0.01"),
    ("NOK", "3.00", "999999.99", "0.01"),
    ("TWD", "0.01", "999999.99", "0.01"),
    ("INR", "0.50", "9999999.99", "0.01"),
    ("COP", "0.50", "99999999.99", "0.01"),
    ("IDR", "0.50", "99999999.99", "0.01"),
    ("JPY", "50", "99999999", "1"),
    ("KRW", "50", "99999999", "1"),
    ("VND", "1", "99999999", "1"),
    ("ISK", "1", "999999", "1"),
    ("UGX", "1", "999999", "1"),
    ("MGA", "1.00", "99999999.00", "1.00"),
    ("KWD", "0.010", "99999.990", "0.010"),
    ("BHD", "0.010", "99999.990", "0.010"),
    ("TND", "0.010", "99999.990", "0.010"),
]


@pytest.mark.parametrize(("currency", "smallest", "largest", "step"), TAKEN)
def test_the_limits_of_a_currency(currency, smallest, largest, step):
    limits = stripe_limits(currency)
    found = [format_price(minor, currency) for minor in (limits.smallest, limits.largest, limits.step)]
    assert found == [smallest, largest, step]


@pytest.mark.parametrize("currency", ["KPW", "IRR", "CUP", "SYP", "CLF", "IQD", "LYD", "VES", "GHS", "MRU"])
def test_a_currency_that_stripe_does_not_take(currency):
    assert is_currency(currency)
    assert stripe_limits(currency).is_empty


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_the_limits_can_be_sent_to_stripe(currency):
    limits = stripe_limits(currency)
    assert not limits.is_empty
    assert 10 ** DIGITS.get(currency, 8) > MAX_AMOUNT
    for minor in (limits.smallest, limits.largest):
        sent = to_stripe(minor, currency)
        assert 0 < sent < 10 ** DIGITS.get(currency, 8)
        assert from_stripe(sent, currency) == minor


def test_the_tables_name_currencies_that_exist():
    known = {currency.code for currency in Currency if currency.exponent is not None}
    assert known >= CURRENCIES
    assert SMALLEST.keys() | DIGITS.keys() | OTHER_DECIMALS.keys() <= CURRENCIES
    assert len(SMALLEST) == 31


@pytest.mark.parametrize(
    ("minor", "currency", "at_stripe"),
    [
        (120_000, "INR", 120_000),
        (500, "JPY", 500),
        (1_230, "KWD", 1_230),
        (700, "ISK", 70_000),
        (700, "UGX", 70_000),
        (500_00, "MGA", 500),
    ],
)
def test_amounts_use_stripes_minor_units(minor, currency, at_stripe):
    assert stripe_decimals(currency) in {0, 2, 3}
    assert to_stripe(minor, currency) == at_stripe
    assert from_stripe(at_stripe, currency) == minor


@pytest.mark.parametrize(("minor", "currency"), [(1_234, "KWD"), (1, "TND"), (500_50, "MGA"), (20, "MGA")])
def test_an_amount_that_stripe_does_not_have(minor, currency):
    with pytest.raises(ProviderRefused, match=f"amounts in {currency} have fewer decimals"):
        to_stripe(minor, currency)


@pytest.mark.parametrize(("minor", "currency"), [(1, "USD"), (1, "JPY"), (10, "KWD"), (100, "MGA"), (10**10, "USD")])
def test_a_part_of_a_payment_has_no_limits(minor, currency):
    assert from_stripe(to_stripe(minor, currency), currency) == minor
