"""A simple model of a provider: what has happened to an order there, and what its events say, whatever their order."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deals.models import PaymentEventKind, PaymentOrder
from deals.payments import ProviderEvent, ProviderFailed, ProviderRefused
from deals.payments.ledger import Ledger
from foundation import clock
from tests.payments import LOST, OPENED, REFUND_FAILED, REFUNDED, SUCCEEDED, WON

PRICE = 120_000
"""Of every order, in minor units."""
DISPUTES = {OPENED: "open", WON: "won", LOST: "lost"}


@dataclass(frozen=True)
class Happened:
    """Something that happened at the provider, as its event says it. `minor` is an amount in minor units."""

    order: PaymentOrder
    number: int
    kind: str
    at: datetime
    minor: int = PRICE
    refund_id: str | None = None

    def content(self, prefix: str = "evt") -> dict[str, Any]:
        found = {
            "id": f"{prefix}-{self.order.pk}-{self.number}",
            "type": self.kind,
            "order_id": str(self.order.pk),
            "amount": f"{self.minor // 100}.{self.minor % 100:02d}",
            "currency": "INR",
            "created_at": self.at.isoformat(),
        }
        return found | ({"refund_id": self.refund_id} if self.refund_id else {})


@dataclass
class View:
    """What the events that have arrived say about an order."""

    is_paid: bool = False
    refunded: int = 0
    failed: int = 0
    was_refunded: bool = False
    dispute: str | None = None

    @classmethod
    def of(cls, events: list[Happened]) -> "View":
        kinds = [one.kind for one in events]
        made: dict[str | None, int] = {}
        failed: dict[str | None, int] = {}
        was_refunded = False
        for one in sorted(events, key=lambda one: one.at):
            if one.kind in (REFUNDED, REFUND_FAILED):
                made[one.refund_id] = one.minor
                was_refunded = was_refunded or sum(made.values()) - sum(failed.values()) >= PRICE
            if one.kind == REFUND_FAILED:
                failed[one.refund_id] = one.minor
        if SUCCEEDED not in kinds and not was_refunded:
            return cls()
        failures = sum(failed.values())
        # Until a failure is known, more seems to be refunded than was paid.
        refunded = min(PRICE, sum(made.values()) - failures)
        dispute = next((DISPUTES[kind] for kind in (LOST, WON, OPENED) if kind in kinds), None)
        return cls(True, refunded, failures, was_refunded, dispute)

    @property
    def remaining(self) -> int:
        return PRICE - self.refunded if self.is_paid and self.dispute != "lost" else 0

    def agrees(self, ledger: Ledger) -> bool:
        stored = (ledger.is_paid, ledger.refunded, ledger.failed, ledger.was_refunded, ledger.dispute)
        return stored == (self.is_paid, self.refunded, self.failed, self.was_refunded, self.dispute)


@dataclass
class Account:
    """An order at the provider. `happened` are all its events, and `arrived` those that Stoory knows."""

    order: PaymentOrder
    happened: list[Happened] = field(default_factory=list)
    arrived: list[Happened] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    """The refunds that Stoory requested and the provider made."""
    refused: list[int] = field(default_factory=list)

    def happens(self, kind: str, minor: int = PRICE, refund_id: str | None = None) -> Happened:
        event = Happened(self.order, len(self.happened), kind, clock.now(), minor, refund_id)
        self.happened.append(event)
        return event

    def arrives(self, event: Happened) -> None:
        if event not in self.arrived:
            self.arrived.append(event)

    @property
    def truth(self) -> View:
        return View.of(self.happened)

    @property
    def view(self) -> View:
        return View.of(self.arrived)

    @property
    def left(self) -> int:
        """What the provider can refund."""
        return 0 if self.truth.dispute in ("open", "lost") else self.truth.remaining

    @property
    def standing(self) -> list[Happened]:
        """The refunds that have not failed."""
        failed = {one.refund_id for one in self.happened if one.kind == REFUND_FAILED}
        return [one for one in self.happened if one.kind == REFUNDED and one.refund_id not in failed]

    def refund(self, amount: int, key: str, *, mood: str) -> ProviderEvent:
        """Answer a request to refund. In the mood `away` nothing happens, and in the mood `deaf` the answer is lost."""
        if mood == "away":
            raise ProviderFailed("away")
        made = next((one for one in self.happened if one.refund_id == key and one.kind == REFUNDED), None)
        if made is None:
            if amount > self.left:
                self.refused.append(amount)
                raise ProviderRefused("too much")
            made = self.happens(REFUNDED, amount, key)
            self.keys[key] = amount
        assert made.minor == amount
        if mood == "deaf":
            raise ProviderFailed("no response in time")
        self.arrives(made)
        return ProviderEvent(
            id=f"{key}-made",
            kind=PaymentEventKind.REFUNDED,
            amount=amount,
            currency="INR",
            order_id=self.order.pk,
            item_id=key,
            occurred_at=made.at,
        )
