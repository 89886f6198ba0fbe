"""What happens to the money of the deals of the scenario `money`."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from faults.checker.money import FREE, PENDING, ProviderEvent

PRICE = 100_000
ALL_STAGES = (PENDING, "work_in_progress", FREE)
PAID, PAYMENT_FAILED = "payment.succeeded", "payment.failed"
REFUNDED, REFUND_FAILED = "payment.refunded", "payment.refund_failed"
OPENED, WON, LOST = "payment.dispute_opened", "payment.dispute_won", "payment.dispute_lost"

Event = tuple[str, int, str]
"""The type, the amount in minor units, and the name of the refund."""


@dataclass(frozen=True)
class Plan:
    """The events of a deal after its payment, in the order in which they happen at the provider.

    `requests` are the refunds that operators request, in minor units, each with another amount. `closes` says whether
    an operator closes the deal, before its payment or with a refund of all that remains.
    """

    what: str
    events: tuple[Event, ...] = ()
    requests: tuple[int, ...] = ()
    closes: str = ""
    stages: tuple[str, ...] = ALL_STAGES


PLANS = (
    Plan("parts", ((REFUNDED, 10_000, "a"), (REFUNDED, 25_000, "b"), (REFUNDED, 25_000, "b")), (7_550, 13_000)),
    Plan("parts that add up", ((REFUNDED, 40_000, "a"), (REFUNDED, 35_000, "b")), (25_000,)),
    Plan("full refund", ((REFUNDED, PRICE, "a"), (REFUNDED, PRICE, "a"))),
    Plan("failed part", ((REFUNDED, 30_000, "a"), (REFUND_FAILED, 30_000, "a")), (12_025,)),
    Plan(
        "full refund of which a part failed",
        ((REFUNDED, 60_000, "a"), (REFUNDED, 40_000, "b"), (REFUND_FAILED, 40_000, "b")),
    ),
    Plan("open dispute", ((REFUNDED, 10_000, "a"), (OPENED, PRICE, "")), (6_000,)),
    Plan("won dispute", ((OPENED, PRICE, ""), (WON, PRICE, "")), (15_000,)),
    Plan("lost dispute", ((REFUNDED, 20_000, "a"), (OPENED, PRICE, ""), (LOST, PRICE, "")), (9_000,)),
    Plan("failed payment", ((PAYMENT_FAILED, PRICE, ""), (REFUNDED, 15_000, "a")), (5_000, 8_000)),
    Plan("payment after the end", (), (), "before the payment", (PENDING,)),
    Plan("closed with a refund", ((REFUNDED, 20_000, "a"),), (), "with a refund"),
)
DEALS = tuple((plan, stage) for plan, stage in product(PLANS, ALL_STAGES) if stage in plan.stages)


def price_text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def webhooks(plan: Plan, order_id: str) -> list[dict[str, Any]]:
    """Return the webhooks about an order: its payment, and the events of the plan. Each has an id of its own."""
    began = datetime.now(UTC)
    return [
        webhook(order_id, kind, amount, item and f"{item}-{order_id}", at=began + timedelta(milliseconds=number))
        for number, (kind, amount, item) in enumerate(((PAID, PRICE, ""), *plan.events))
    ]


def webhook(order_id: str, kind: str, amount: int, item: str, *, at: datetime, id: str = "") -> dict[str, Any]:
    content = {
        "id": id or f"evt-{uuid.uuid4().hex}",
        "type": kind,
        "order_id": order_id,
        "amount": price_text(amount),
        "currency": "INR",
        "created_at": at.isoformat(),
    }
    return content | ({"refund_id": item} if item else {})


def as_event(content: dict[str, Any]) -> ProviderEvent:
    """Return the event of a webhook, as the checker reads it."""
    amount = int(content["amount"].replace(".", ""))
    return ProviderEvent(content["id"], content["type"], amount, content.get("refund_id", ""))
