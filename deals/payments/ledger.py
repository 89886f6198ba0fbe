"""What the events of a payment order add up to. The result does not depend on the order in which they arrive."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from deals.models import PaymentEvent, PaymentEventKind, PaymentOrder, PaymentStatus

_REFUNDS = frozenset({PaymentEventKind.REFUNDED, PaymentEventKind.REFUND_FAILED})


class Dispute(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


_DISPUTES = {
    PaymentEventKind.DISPUTE_OPENED: Dispute.OPEN,
    PaymentEventKind.DISPUTE_WON: Dispute.WON,
    PaymentEventKind.DISPUTE_LOST: Dispute.LOST,
}


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The money of a payment order, in minor units.

    A full refund implies the payment, even if it fails later. Until the payment is known, partial refunds and disputes
    are left out.
    `was_refunded` says that all of `price` was refunded at some time, even if a refund failed later. `failed` is the
    sum of failed refunds.
    """

    price: int
    is_paid: bool = False
    refunded: int = 0
    failed: int = 0
    was_refunded: bool = False
    dispute: Dispute | None = None

    @property
    def paid(self) -> int:
        return self.price if self.is_paid else 0

    @property
    def is_refunded(self) -> bool:
        return self.refunded >= self.price

    @property
    def remaining(self) -> int:
        """What is left of the payment: nothing after a lost dispute."""
        return 0 if self.dispute is Dispute.LOST else self.paid - self.refunded


def add_up(price: int, events: Sequence[PaymentEvent]) -> Ledger:
    """Return what the events of an order of `price` add up to."""
    refunds = _Refunds(price)
    for event in _in_order(events):
        if event.kind in _REFUNDS:
            refunds.add(event)
    if not refunds.was_refunded and all(event.kind != PaymentEventKind.PAID for event in events):
        return Ledger(price=price)
    return Ledger(
        price=price,
        is_paid=True,
        refunded=refunds.refunded,
        failed=refunds.failed,
        was_refunded=refunds.was_refunded,
        dispute=_dispute(events),
    )


def _in_order(events: Iterable[PaymentEvent]) -> list[PaymentEvent]:
    """Return events in the order in which they happened at the provider."""
    return sorted(events, key=lambda one: (one.occurred_at or one.created_at, one.created_at, one.pk))


def refund_changes(price: int, events: Iterable[PaymentEvent]) -> list[tuple[PaymentEvent, int]]:
    """Return by how much each event changed the refunded amount of a paid order; a failed refund is below zero."""
    refunds, found = _Refunds(price), []
    for event in _in_order(one for one in events if one.kind in _REFUNDS):
        before = refunds.refunded
        refunds.add(event)
        if refunds.refunded != before:
            found.append((event, refunds.refunded - before))
    return found


def read_ledger(order: PaymentOrder) -> Ledger:
    """Return what the stored events of an order add up to. Reads the events, unless they were prefetched."""
    return add_up(order.offer.amount, list(order.events.all()))


def event_of_payment(price: int, events: Iterable[PaymentEvent]) -> PaymentEvent | None:
    """Return the event with whose arrival the payment became known, or None if it is not known."""
    arrived: list[PaymentEvent] = []
    for event in sorted(events, key=lambda one: (one.created_at, one.pk)):
        arrived.append(event)
        if add_up(price, arrived).is_paid:
            return event
    return None


def status_of(ledger: Ledger, events: Iterable[PaymentEvent]) -> PaymentStatus:
    """Return the status of an order."""
    if ledger.is_paid:
        return PaymentStatus.REFUNDED if ledger.is_refunded else PaymentStatus.PAID
    kinds = {event.kind for event in events}
    for kind, status in _UNPAID.items():
        if kind in kinds:
            return status
    return PaymentStatus.OPEN


_UNPAID = {
    PaymentEventKind.CANCELED: PaymentStatus.CANCELED,
    PaymentEventKind.FAILED: PaymentStatus.FAILED,
}


@dataclass
class _Refunds:
    """The refunds of an order, added in the order in which they happened at the provider.

    A refund is counted once, by its id. Refunds without an id are counted together. A refund that failed has been made
    before, even if that is reported later. A provider can also report the total of all refunds so far.
    """

    price: int
    was_refunded: bool = False
    _made: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _failed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _without_id: int = 0
    _total: int = 0

    def add(self, event: PaymentEvent) -> None:
        item, amount = event.item_id, event.amount or self.price
        if event.kind == PaymentEventKind.REFUND_FAILED:
            failed = max(self._failed[item], amount) if item else self._failed[item] + amount
            self._made[item] = max(self._made[item], failed)
            self._compare()
            self._failed[item] = failed
        elif event.is_total or event.amount is None:
            self._total = max(self._total, amount)
        elif item:
            self._made[item] = max(self._made[item], amount)
        else:
            self._without_id += amount
            self._made[item] = max(self._without_id, self._failed[item])
        self._compare()

    def _compare(self) -> None:
        self.was_refunded = self.was_refunded or self.refunded >= self.price

    @property
    def failed(self) -> int:
        return sum(self._failed.values())

    @property
    def refunded(self) -> int:
        made = max(sum(self._made.values()), self._total)
        return min(self.price, max(0, made - self.failed))


def _dispute(events: Iterable[PaymentEvent]) -> Dispute | None:
    """Return the state of all disputes of an order together."""
    reported = defaultdict(set)
    for event in events:
        if event.kind in _DISPUTES:
            reported[event.item_id].add(_DISPUTES[PaymentEventKind(event.kind)])
    ended = {_last(states) for states in reported.values()}
    return next((state for state in (Dispute.LOST, Dispute.OPEN, Dispute.WON) if state in ended), None)


def _last(states: set[Dispute]) -> Dispute:
    """Return the state of one dispute: a report of its end is newer than the report of its opening."""
    return next(state for state in (Dispute.LOST, Dispute.WON, Dispute.OPEN) if state in states)
