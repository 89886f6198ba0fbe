"""Prices in the format of the reader's language."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.prices import all_formats, localized_price, price_format

SHOWN = [
    ("18000.00", "INR", "en", "₹18,000.00"),
    ("1800000.00", "INR", "hi", "₹18,00,000.00"),
    ("1000.50", "HUF", "en", "HUF\u00a01,000.50"),
    ("1000.50", "HUF", "hu", "1\u00a0000,50\u00a0HUF"),
    ("1000.500", "KWD", "ar", "\u200f1,000.500\u00a0KWD"),
    ("1234567.50", "CHF", "de-CH", "CHF\u00a01\u2019234\u2019567.50"),
    ("1234567.50", "EUR", "fr", "1\u202f234\u202f567,50\u00a0€"),
    ("1500", "JPY", "ja", "JP¥1,500"),
    ("99.50", "USD", "es-MX", "US$99.50"),
    ("99.50", "USD", "bn", "99.50\u00a0US$"),
    ("0.01", "XYZ", "en", "XYZ\u00a00.01"),
]


@pytest.mark.parametrize(("amount", "currency", "language", "shown"), SHOWN)
def test_a_price_has_the_format_of_the_language(amount, currency, language, shown):
    assert localized_price(amount, currency, language) == shown


@pytest.mark.parametrize(
    ("language", "known"),
    [("de-DE", "de"), ("PT_br", "pt"), ("de_CH", "de-ch"), ("zh-Hant-TW", "zh"), ("xx", "en"), ("", "en"), ("-", "en")],
)
def test_a_language_without_a_format_of_its_own_has_that_of_its_parent(language, known):
    assert price_format(language) is all_formats()[known]


@given(
    whole=st.integers(0, 10**12).map(str),
    fraction=st.from_regex(r"[0-9]{0,4}", fullmatch=True),
    currency=st.sampled_from(["INR", "HUF", "JPY", "KWD"]),
    language=st.sampled_from(sorted(all_formats())),
)
def test_a_price_has_exactly_the_digits_of_its_amount(whole, fraction, currency, language):
    amount = f"{whole}.{fraction}" if fraction else whole
    shown = localized_price(amount, currency, language)
    assert re.sub(r"\D", "", shown) == whole + fraction
