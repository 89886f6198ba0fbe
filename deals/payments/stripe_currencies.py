"""The currencies of Stripe, as documented on https://docs.stripe.com/currencies (read on 2026-07-10).

The rule for currencies with three decimals is documented in the version of 2022-12-31. Which currencies an account can
use depends on its country, and the smallest amount of a payment that is converted depends on the exchange rate: Stripe
refuses such a payment when its order is opened.
"""

from decimal import Decimal
from functools import cache

from conversations.flows.money import decimals
from conversations.flows.price_limits import NONE, PriceLimits, general_limits

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CVE
CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS
KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TND TOP TRY TTD TWD
TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW
"""

CURRENCIES = frozenset(_CODES.split())
"""The currencies in which customers can be charged, by their present ISO 4217 codes."""

OTHER_DECIMALS = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Decimals of the currencies for which Stripe differs from ISO 4217."""

SMALLEST = {
    currency: Decimal(price)
    for price, currencies in {
        "0.30": "GBP",
        "0.50": "ARS AUD BRL CAD CHF COP EUR IDR ILS INR NZD PHP RUB SGD USD ZAR",
        "2.00": "AED MYR PLN RON",
        "2.50": "DKK",
        "3.00": "NOK SEK",
        "4.00": "HKD",
        "10.00": "MXN THB",
        "15.00": "CZK",
        "50.00": "JPY KRW",
        "175.00": "HUF",
    }.items()
    for currency in currencies.split()
}
"""The smallest amounts, for accounts that are paid out in the same currency."""

DIGITS = {"IDR": 12, "COP": 10, "INR": 9}
"""The digits of the largest amount, in Stripe's minor units. They hold for all methods of payment; for some cards, more
digits are allowed."""

OTHER_DIGITS = 8


def stripe_decimals(currency: str) -> int:
    return OTHER_DECIMALS.get(currency, decimals(currency))


@cache
def stripe_limits(currency: str) -> PriceLimits:
    """Return the prices that Stripe can charge, in minor units of ISO 4217."""
    if currency not in CURRENCIES:
        return NONE
    exponent = decimals(currency)
    step = _step(currency)
    smallest = int(SMALLEST.get(currency, Decimal(0)).scaleb(exponent))
    largest = Decimal(10 ** DIGITS.get(currency, OTHER_DIGITS) - 1).scaleb(exponent - stripe_decimals(currency))
    highest = min(int(largest), general_limits(currency).largest)
    return PriceLimits(smallest=max(step, smallest), largest=highest - highest % step, step=step)


def _step(currency: str) -> int:
    """With three decimals, the last decimal must be zero. A currency that Stripe counts in larger units has no smaller
    prices."""
    if decimals(currency) == 3:
        return 10
    return int(10 ** max(0, decimals(currency) - stripe_decimals(currency)))
