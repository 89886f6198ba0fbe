"""Prices: integer minor units of an ISO 4217 currency in the code and database, decimal strings for clients."""

import re
from decimal import Decimal

from iso4217 import Currency

HIGHEST = Decimal("99999999.99")
"""The highest price, in any currency."""

_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_LONGEST = 32


class InvalidPrice(ValueError):
    """A client sent a value that is not a price. The message says why."""


def is_currency(code: str) -> bool:
    """Return whether this is the ISO 4217 code of a currency with minor units (gold, for example, has none)."""
    try:
        return Currency(code).exponent is not None
    except ValueError:
        return False


def decimals(currency: str) -> int:
    """Return the number of decimals of a currency. Raises `ValueError` if it is not a currency with minor units."""
    exponent = Currency(currency).exponent
    if exponent is None:
        raise ValueError(f"{currency} has no minor unit")
    return exponent


def _decimal(value: object) -> Decimal:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON does not distinguish 1000 from 1000.0
    if isinstance(value, int) and not isinstance(value, bool):
        if value > HIGHEST:
            raise InvalidPrice(f"At most {HIGHEST}.")
        value = str(value) if value >= 0 else ""
    written = repr(value) if isinstance(value, float) else value
    if not isinstance(written, str) or len(written) > _LONGEST or not _DIGITS.fullmatch(written):
        raise InvalidPrice("A price must consist of digits and at most one decimal point.")
    return Decimal(written)


def parse_price(value: object, currency: str) -> int:
    """Return the minor units of a price that a client sent as a JSON string or number. Raises `InvalidPrice`."""
    price, exponent = _decimal(value), decimals(currency)
    if -price.as_tuple().exponent > exponent:  # type: ignore[operator]
        raise InvalidPrice(f"At most {exponent} decimals in {currency}.")
    if price <= 0:
        raise InvalidPrice("A price must be above zero.")
    if price > HIGHEST:
        raise InvalidPrice(f"At most {HIGHEST}.")
    return int(price.scaleb(exponent))


def format_price(minor: int, currency: str) -> str:
    """Return a price in minor units as a decimal string with all decimals of the currency: `"1000.00"`."""
    return str(Decimal(minor).scaleb(-decimals(currency)).quantize(Decimal(1).scaleb(-decimals(currency))))
