"""Whether a system message about money is true, given what is known when it is sent."""

import re
from dataclasses import dataclass

from deals.models import PaymentOrder
from deals.payments.ledger import read_ledger
from deals.payments.refund_requests import refundable
from tests.apps.deals.payments.accounts import PRICE, Account, View
from tests.deals import Deal

ABOUT_MONEY = re.compile("payment|refund|dispute|The price was paid")
OF_A_MOVE = re.compile("has arrived|The deal waits|The deal goes on|so this conversation is closed")
AMOUNT = re.compile(r"₹([0-9,]+\.[0-9]{2})")


@dataclass(frozen=True)
class Known:
    """What is known about the order that a message means. `failed_now` and `refused_now` are the amounts of refunds
    that failed, or were refused, in the last step, and `decided_now` is what an operator decided in it."""

    deal: Deal
    order: PaymentOrder
    view: View
    failed_now: int
    refused_now: list[int]
    decided_now: str

    @property
    def state(self) -> str:
        return self.deal.now.flow_state

    @property
    def goes_on(self) -> bool:
        return not self.deal.now.paused and self.state not in ("payment_disputed", "chat_closed")

    @property
    def undecided(self) -> bool:
        return PaymentOrder.objects.get(pk=self.order.pk).undecided_since is not None

    @property
    def refundable(self) -> int:
        order = PaymentOrder.objects.select_related("offer").get(pk=self.order.pk)
        return refundable(order, read_ledger(order))


def amounts(text: str) -> list[int]:
    return [int(re.sub(r"\D", "", found)) for found in AMOUNT.findall(text)]


IS_TRUE = {
    r"The payment of \S+ has arrived\.": lambda known, _: known.view.remaining > 0,
    r"can start the work": lambda known, _: known.state == "payment_completed" and known.goes_on,
    r"was refunded in full": lambda known, _: known.view.refunded == PRICE,
    r"\S+ of (the|a second) payment was refunded\.": lambda known, found: (
        0 < found[0] <= known.view.refunded < PRICE and found[1] == known.view.remaining
    ),
    r"A refund of \S+ (of a second payment )?failed": lambda known, found: (
        found[0] == known.failed_now or found[0] in known.refused_now
    ),
    r"payment of \S+ is disputed\.": lambda known, _: known.view.dispute == "open",
    r"The deal waits until": lambda known, _: known.state == "payment_disputed",
    r"it did not take (back the payment|that payment back)\.": lambda known, _: known.view.dispute == "won",
    r"The deal goes on\.": lambda known, _: known.goes_on,
    r"The dispute took back": lambda known, _: known.view.dispute == "lost" and known.view.refunded < PRICE,
    r"is over\. (The|That) payment was refunded": lambda known, _: (
        known.view.dispute == "lost" and known.view.refunded == PRICE
    ),
    r"so this conversation is closed": lambda known, _: known.state == "chat_closed",
    r"An operator decides what": lambda known, found: known.undecided and found[0] == known.view.remaining,
    r"An operator decided to refund": lambda known, _: known.decided_now == "refund",
    r"An operator decided not to refund": lambda known, found: (
        known.decided_now == "keep" and found[0] == known.refundable > 0
    ),
}
"""By a part of a text: whether it is true, for what is known and the amounts in the text."""


def untrue_part(text: str, known: Known) -> str | None:
    """Return the part of a text that is not true, or None. Raises `AssertionError` for an unknown text about money."""
    parts = [part for part in IS_TRUE if re.search(part, text)]
    assert parts or not ABOUT_MONEY.search(text), text
    return next((part for part in parts if not IS_TRUE[part](known, amounts(text))), None)


def account_of(text: str, accounts: list[Account], paid: list[Account], told: Account | None) -> Account:
    """Return the account that a text means.

    A text with which the deal moves means the account `told`, whose event arrived. Another text means the account paid
    first, unless it is about a second payment. `paid` are the accounts in the order in which their payments became
    known.
    """
    if told is not None and OF_A_MOVE.search(text):
        return told
    if "second payment" in text:
        assert len(paid) == 2, text
        return paid[1]
    return paid[0] if paid else accounts[-1]
