"""Prices: integer minor units of an ISO 4217 currency inside, decimal strings on the wire."""

import re
from decimal import Decimal

from iso4217 import Currency

HIGHEST = Decimal("99999999.99")
"""The highest price, in any currency."""

_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_LONGEST = 32


class InvalidPrice(ValueError):
    """What was sent is no price; the message says why."""


def is_currency(code: str) -> bool:
    """Whether this is the code of a currency in which something can be priced (gold and the like cannot)."""
    try:
        return Currency(code).exponent is not None
    except ValueError:
        return False


def decimals(currency: str) -> int:
    """Raises `ValueError` for what is no currency."""
    exponent = Currency(currency).exponent
    if exponent is None:
        raise ValueError(f"{currency} has no minor unit")
    return exponent


def _decimal(value: object) -> Decimal:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a JSON number has no way to tell 1000 from 1000.0
    if isinstance(value, int) and not isinstance(value, bool):
        if value > HIGHEST:
            raise InvalidPrice(f"At most {HIGHEST}.")
        value = str(value) if value >= 0 else ""
    written = repr(value) if isinstance(value, float) else value
    if not isinstance(written, str) or len(written) > _LONGEST or not _DIGITS.fullmatch(written):
        raise InvalidPrice("A price is written with digits and at most one decimal point.")
    return Decimal(written)


def parse_price(value: object, currency: str) -> int:
    """The minor units of a price that a client sent, as a JSON string or number. Raises `InvalidPrice`."""
    price, exponent = _decimal(value), decimals(currency)
    if -price.as_tuple().exponent > exponent:  # type: ignore[operator]
        raise InvalidPrice(f"At most {exponent} decimals in {currency}.")
    if price <= 0:
        raise InvalidPrice("A price is above zero.")
    if price > HIGHEST:
        raise InvalidPrice(f"At most {HIGHEST}.")
    return int(price.scaleb(exponent))


def format_price(minor: int, currency: str) -> str:
    """`"1000.00"`: all the decimals of the currency."""
    return str(Decimal(minor).scaleb(-decimals(currency)).quantize(Decimal(1).scaleb(-decimals(currency))))


def lowest(currency: str) -> str:
    """The smallest price, as a decimal string."""
    return format_price(1, currency)


def highest(currency: str) -> str:
    """The largest price, as a decimal string of the currency's own decimals."""
    return format_price(int(HIGHEST.scaleb(decimals(currency))), currency)
