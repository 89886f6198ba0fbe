"""What must hold for the money of deals: amounts add up, states follow from the events, every message is sent once and
is true, and no refund is sent to the provider twice."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from faults.checker.money_messages import Told, read_told, told_wrongly

PENDING, FREE, CLOSED, DISPUTED = "payment_pending", "real_time", "chat_closed", "payment_disputed"
ACCEPTED, REFUSED, UNKNOWN = "accepted", "refused", "unknown"
ENDS = {"payment.dispute_lost": "lost", "payment.dispute_won": "won", "payment.dispute_opened": "open"}
"""The state of a dispute after each event. An earlier one of these events counts before the later ones."""


@dataclass(frozen=True)
class ProviderEvent:
    """An event that the server has acknowledged. `amount` is in minor units. Events of one refund have one `item`."""

    id: str
    type: str
    amount: int
    item: str = ""


@dataclass(frozen=True)
class RefundCall:
    """A refund that the server has sent to the provider."""

    key: str
    amount: int


@dataclass(frozen=True)
class RefundRequest:
    """A refund that an operator, or the system, has requested. `outcome` is unknown if no response arrived."""

    amount: int
    outcome: str
    by_system: bool = False


@dataclass
class DealHistory:
    """A deal with one order. Amounts are in minor units.

    `stage` is the state in which the events about its payment began. The payment itself came before, unless this is
    `payment_pending`. `closed_by_operator` says whether an operator has closed the deal. `payment` is the response of
    `GET /api/conversations/{id}/deal`, `state` the final state, and `texts` are the system messages in their order.
    """

    name: str
    price: int
    stage: str = PENDING
    closed_by_operator: bool = False
    events: list[ProviderEvent] = field(default_factory=list)
    calls: list[RefundCall] = field(default_factory=list)
    requests: list[RefundRequest] = field(default_factory=list)
    payment: dict[str, str | None] = field(default_factory=dict)
    state: str = ""
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Truth:
    """What has happened at the provider. `failed` are the amounts of failed refunds."""

    price: int
    is_paid: bool
    made: int
    failed: list[int]
    dispute: str | None
    was_disputed: bool

    @property
    def refunded(self) -> int:
        return self.made - sum(self.failed) if self.is_known_as_paid else 0

    @property
    def is_known_as_paid(self) -> bool:
        return self.is_paid or self.was_refunded

    @property
    def was_refunded(self) -> bool:
        """Whether all was refunded at some time. A refund that fails does so after all other refunds."""
        return self.made >= self.price


def truth_of(deal: DealHistory) -> Truth:
    types = {one.type for one in deal.events}
    failed = _by_item(deal.events, "payment.refund_failed")
    made = _by_item(deal.events, "payment.refunded") | failed | {one.key: one.amount for one in deal.calls}
    return Truth(
        price=deal.price,
        is_paid="payment.succeeded" in types,
        made=sum(made.values()),
        failed=list(failed.values()),
        dispute=next((state for type, state in ENDS.items() if type in types), None),
        was_disputed="payment.dispute_opened" in types,
    )


def _by_item(events: Iterable[ProviderEvent], type: str) -> dict[str, int]:
    return {one.item or one.id: one.amount for one in events if one.type == type}


def check_money(deals: Iterable[DealHistory]) -> list[str]:
    """Return a text for each violation."""
    return [f"{deal.name}: {what}" for deal in deals for rule in _RULES for what in rule(deal)]


def _amounts(deal: DealHistory) -> Iterator[str]:
    """Amounts add up, and nothing is below zero or above the price."""
    truth = truth_of(deal)
    expected = {"paid_amount": deal.price if truth.is_known_as_paid else 0, "refunded_amount": truth.refunded}
    for name, amount in expected.items():
        shown = Decimal(deal.payment[name] or 0) * 100
        if shown != amount:
            yield f"{name} is {shown}, but {amount} at the provider"
        if not 0 <= shown <= deal.price:
            yield f"{name} of {shown} is not between 0 and {deal.price}"
    if truth.made > deal.price:
        yield f"{truth.made} were refunded, more than the price of {deal.price}"
    if truth.is_known_as_paid and deal.payment["dispute"] != truth.dispute:
        yield f"the dispute is {deal.payment['dispute']}, but {truth.dispute} at the provider"


def _state(deal: DealHistory) -> Iterator[str]:
    """The final state follows from the events."""
    expected = expected_state(deal)
    if deal.state != expected:
        yield f"the deal is in {deal.state}, not in {expected}"


def expected_state(deal: DealHistory) -> str:
    truth = truth_of(deal)
    if deal.closed_by_operator:
        return CLOSED
    if deal.stage == FREE or not truth.is_known_as_paid:
        return deal.stage
    if truth.was_refunded or truth.dispute == "lost":
        return CLOSED
    if truth.dispute == "open":
        return DISPUTED
    return "payment_completed" if deal.stage == PENDING else deal.stage


def _refunds(deal: DealHistory) -> Iterator[str]:
    """Each requested refund is sent to the provider once, and under one key. Others are not sent.

    A lost dispute takes back the payment, so it can prevent a refund.
    """
    by_key = {one.key: one.amount for one in deal.calls}
    for call in deal.calls:
        if by_key[call.key] != call.amount:
            yield f"the provider got two amounts with the key {call.key}"
    sent = Counter(by_key.values())
    wanted = Counter(one.amount for one in deal.requests if one.outcome != REFUSED)
    certain = Counter(one.amount for one in deal.requests if one.outcome == ACCEPTED)
    for amount in sent - wanted:
        yield f"a refund of {amount} was sent under {sent[amount]} keys, but requested {wanted[amount]} times"
    if truth_of(deal).dispute == "lost":
        return
    for amount in certain - sent:
        yield f"a refund of {amount} was accepted, but never sent to the provider"
    if deal.stage != PENDING:
        yield from (f"a refund of {one.amount} was refused" for one in deal.requests if one.outcome == REFUSED)


def _messages(deal: DealHistory) -> Iterator[str]:
    """Every system message about money is sent once, and is true."""
    truth = truth_of(deal)
    told = [one for text in deal.texts if (one := read_told(text)) is not None]
    counts = Counter(one.kind for one in told)
    for kind, (least, most) in _expected_counts(deal, truth).items():
        if not least <= counts[kind] <= most:
            yield f"{counts[kind]} messages {kind}, instead of {least if least == most else f'{least} to {most}'}"
    yield from _told_amounts(deal, truth, told)
    yield from told_wrongly(told, deal.price, truth.refunded if truth.is_known_as_paid else 0)


def _expected_counts(deal: DealHistory, truth: Truth) -> dict[str, tuple[int, int]]:
    """Return the least and the largest number of messages of each kind."""
    paid_first = deal.stage != PENDING
    may_hide_payment = truth.was_refunded or truth.was_disputed or truth.dispute == "lost" or deal.closed_by_operator
    verified = truth.is_paid and (paid_first or not may_hide_payment)
    shown = truth.dispute if truth.is_known_as_paid else None
    undecided = bool(truth.failed) and truth.is_known_as_paid and shown != "lost"
    return {
        "verified": (int(verified), int(truth.is_paid)),
        "dispute_opened": (int(shown == "open"), int(truth.was_disputed)),
        "dispute_won": (int(shown == "won"),) * 2,
        "dispute_lost": (int(shown == "lost"),) * 2,
        "undecided": (int(undecided), int(bool(truth.failed))),
    }


def _told_amounts(deal: DealHistory, truth: Truth, told: list[Told]) -> Iterator[str]:
    """Failed refunds and decisions of operators are told once each, with their amounts."""
    failed = Counter(one.amount for one in told if one.kind == "refund_failed")
    if truth.is_known_as_paid and failed != Counter(truth.failed):
        yield f"told of failed refunds {sorted(failed.elements())}, but {truth.failed} failed"
    decided = Counter(one.amount for one in told if one.kind == "refund_decided")
    requests = [one for one in deal.requests if not one.by_system]
    certain = Counter(one.amount for one in requests if one.outcome == ACCEPTED)
    possible = Counter(one.amount for one in requests if one.outcome != REFUSED)
    if (certain - decided) or (decided - possible):
        yield f"told of decided refunds {sorted(decided.elements())}, but {sorted(certain.elements())} were accepted"


_RULES = (_amounts, _state, _refunds, _messages)
