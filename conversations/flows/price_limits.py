"""The prices that can be charged. The application configures who says so; without it, every price can be charged."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from conversations.flows.money import HIGHEST, InvalidPrice, decimals, format_price


@dataclass(frozen=True, kw_only=True)
class PriceLimits:
    """The prices of a currency that can be charged, in minor units: the multiples of `step` from `smallest` to
    `largest`. There are none if `largest` is less than `smallest`."""

    smallest: int
    largest: int
    step: int = 1

    @property
    def is_empty(self) -> bool:
        return self.largest < self.smallest

    def check(self, minor: int, currency: str) -> None:
        """Raise `InvalidPrice` if a price in minor units is outside of the limits."""
        if self.is_empty:
            raise InvalidPrice(f"Prices in {currency} cannot be charged.")
        if not self.smallest <= minor <= self.largest or minor % self.step:
            smallest, largest, step = (format_price(one, currency) for one in (self.smallest, self.largest, self.step))
            steps = f", in steps of {step}" if self.step > 1 else ""
            raise InvalidPrice(f"A price in {currency} must be from {smallest} to {largest}{steps}.")


NONE = PriceLimits(smallest=1, largest=0)
"""The limits of a currency in which nothing can be charged."""


@cache
def general_limits(currency: str) -> PriceLimits:
    """Return the limits of every price, whoever charges it."""
    return PriceLimits(smallest=1, largest=int(HIGHEST.scaleb(decimals(currency))))


_limits_of: list[Callable[[str], PriceLimits]] = [general_limits]


def configure_price_limits(limits_of: Callable[[str], PriceLimits]) -> None:
    """Set the function that returns the limits of a currency. It replaces the function of an earlier call."""
    _limits_of[:] = [limits_of]


def price_limits(currency: str) -> PriceLimits:
    return _limits_of[0](currency)
