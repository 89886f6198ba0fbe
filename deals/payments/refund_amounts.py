"""The amounts that people enter for refunds."""

from conversations.flows.facts import price_text
from conversations.flows.money import InvalidPrice, parse_price
from deals.models import PaymentOrder
from deals.payments.registry import get_provider
from foundation.errors import Invalid, NotFound


def parse_refund(value: object, order: PaymentOrder, largest: int) -> int:
    """Return the minor units of an amount to refund. Raises `Invalid` with its bounds; `largest` is in minor units."""
    try:
        amount = parse_price(value, order.offer.currency)
    except InvalidPrice:
        amount = 0
    check_refund(amount, order, largest)
    return amount


def check_refund(amount: int, order: PaymentOrder, largest: int) -> None:
    """Raise `Invalid` unless an amount in minor units is above zero, at most `largest`, and the provider has it."""
    if largest <= 0:
        raise Invalid(errors={"amount": ["Nothing remains that can be refunded."]})
    step = _step(order)
    if not 0 < amount <= largest or amount % step:
        smallest, highest = (price_text(minor, order.offer.currency) for minor in (step, largest))
        bounds = f"from {smallest} to {highest}, in steps of {smallest}"
        raise Invalid(errors={"amount": [f"The amount of a refund must be {bounds}."]})


def _step(order: PaymentOrder) -> int:
    try:
        return get_provider(order.provider).price_limits(order.offer.currency).step
    except NotFound:  # the provider is disabled
        return 1
