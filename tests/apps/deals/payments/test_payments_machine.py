"""All events of an order, in any order, repeated and late, with actions of the parties and operators in between."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deals.deadlines import run_deadlines
from deals.models import PaymentOrder, Refund
from deals.payments.decisions import keep_payment, refund_payment
from deals.selectors import deal_summary
from foundation.clock import moved
from foundation.errors import DomainError
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import WORK, Deal, make_deal
from tests.factories import make_staff
from tests.payments import LOST, OPENED, REFUND_FAILED, REFUNDED, SUCCEEDED, WON, retry_refunds, send

pytestmark = pytest.mark.django_db

PRICE = 120_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ARRIVED = ("has arrived", "can start")
AMOUNT = re.compile(r"[0-9,]+\.[0-9]{2}")


@dataclass(frozen=True)
class Reported:
    """An event of the provider. `cents` is the amount of a refund."""

    number: int
    kind: str
    cents: int = PRICE
    refund_id: str | None = None

    def content(self, order: PaymentOrder) -> dict[str, Any]:
        found = {
            "id": f"evt-{order.pk}-{self.number}",
            "type": self.kind,
            "order_id": str(order.pk),
            "amount": f"{self.cents // 100}.{self.cents % 100:02d}",
            "currency": "INR",
            "created_at": (BEGAN + timedelta(minutes=self.number)).isoformat(),
        }
        return found | ({"refund_id": self.refund_id} if self.refund_id else {})


@st.composite
def lives_of_payments(draw: st.DrawFn) -> list[Reported]:
    """Return what happens to a payment, in the order in which it happens at the provider."""
    kinds: list[tuple[str, int, str | None]] = [("payment.failed", PRICE, None)] * draw(st.integers(0, 1))
    kinds.append((SUCCEEDED, PRICE, None))
    left = PRICE
    for number in range(draw(st.integers(0, 3))):
        if not left:
            break
        cents = draw(st.one_of(st.just(left), st.integers(1, left)))
        refund_id = f"re_{number}"
        kinds.append((REFUNDED, cents, refund_id))
        if draw(st.sampled_from([True, False, False])):
            kinds.append((REFUND_FAILED, cents, refund_id))
        else:
            left -= cents
    for kind in draw(st.sampled_from([(), (OPENED,), (OPENED, WON), (OPENED, LOST)])):
        at = draw(st.integers(kinds.index((SUCCEEDED, PRICE, None)) + 1, len(kinds)))
        first = next((n for n, (found, *_) in enumerate(kinds) if found == OPENED), -1)
        kinds.insert(max(at, first + 1), (kind, PRICE, None))
    return [Reported(number, *kind) for number, kind in enumerate(kinds)]


def summary(deal: Deal) -> tuple[Any, ...]:
    shown = deal_summary(deal.now)
    return shown.payment_status, shown.paid_amount, shown.refunded_amount, shown.dispute


def cents(amount: str) -> int:
    return round(float(amount) * 100)


def check_amounts(deal: Deal) -> None:
    _, paid, refunded, _ = summary(deal)
    assert 0 <= cents(refunded) <= cents(paid) <= PRICE
    waiting = sum(refund.amount for refund in Refund.objects.filter(order__conversation=deal.conversation))
    assert 0 <= waiting <= PRICE


def check_messages(deal: Deal, reported: list[Reported]) -> None:
    """Check that every message was true when it was sent, given the events that had arrived, and that refunds are told
    once."""
    texts = [one.message for one in Message.objects.filter(conversation=deal.conversation).order_by("seq")]
    kinds = {one.kind for one in reported}
    if SUCCEEDED not in kinds:
        assert not any(word in text for text in texts for word in ARRIVED)
    in_parts = [text for text in texts if "of the payment was refunded" in text]
    sums = [[cents(found.replace(",", "")) for found in AMOUNT.findall(text)] for text in in_parts]
    assert all(0 < refunded < PRICE and 0 <= remaining < PRICE for refunded, remaining in sums)
    assert sum("in full" in text for text in texts) <= 1 + sum(one.kind == REFUND_FAILED for one in reported)
    for kind, words in ((OPENED, "is disputed"), (WON, "did not take back"), (LOST, "The dispute took back")):
        told = sum(words in text for text in texts)
        assert told <= (kind in kinds)


def shuffled(draw: st.DrawFn, life: list[Reported]) -> list[Reported]:
    """Return every event at least once, in any order, with repetitions."""
    repeated = draw(st.lists(st.sampled_from(life), max_size=4))
    return draw(st.permutations([*life, *repeated]))


LIMITS = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=25, **LIMITS)
@given(life=lives_of_payments(), data=st.data())
def test_the_final_state_does_not_depend_on_the_order_of_arrival(life, data):
    ends = []
    for arrivals in (life, shuffled(data.draw, life)):
        deal = make_deal("payment_pending")
        order = deal.order()
        for number, reported in enumerate(arrivals, start=1):
            send(reported.content(order))
            check_amounts(deal)
            check_messages(deal, arrivals[:number])
        assert not Refund.objects.filter(order=order).exists()
        order.refresh_from_db()
        ends.append((summary(deal), deal.now.flow_state, order.undecided_since is not None))
    assert ends[0][0] == ends[1][0]
    if not is_closed_too_early(life, arrivals):
        assert ends[0] == ends[1]


def is_closed_too_early(life: list[Reported], arrivals: list[Reported]) -> bool:
    """Whether refunds that never existed at the same time were known at the same time.

    A failure that is reported late makes a deal end that would have gone on: nobody could know better.
    """

    def was_full(events: list[Reported]) -> bool:
        return any(known_sum(events[: number + 1]) >= PRICE for number in range(len(events)))

    return was_full(arrivals) and not was_full(life)


def known_sum(events: list[Reported]) -> int:
    refunds = {one.refund_id: one.cents for one in events if one.kind == REFUNDED}
    failed = {one.refund_id for one in events if one.kind == REFUND_FAILED}
    return sum(cents for refund_id, cents in refunds.items() if refund_id not in failed)


def act(deal: Deal, action: str, data: Any = None) -> None:
    deal.act(action, data, by=deal.influencer if action in {"start_work", "submit_work"} else deal.brand_owner)


def operate(deal: Deal, action: str, **more: Any) -> None:
    intervene(
        operator=make_staff(), conversation_id=deal.conversation.pk, action=action, data=InterventionRequest(**more)
    )


def order_of(deal: Deal) -> PaymentOrder:
    return PaymentOrder.objects.get(conversation=deal.conversation)


STEPS = {
    "start": lambda deal: act(deal, "start_work"),
    "submit": lambda deal: act(deal, "submit_work", WORK),
    "approve": lambda deal: act(deal, "approve_work"),
    "pause": lambda deal: operate(deal, "pause"),
    "resume": lambda deal: operate(deal, "resume"),
    "close and keep": lambda deal: operate(deal, "close", money="keep"),
    "close and refund": lambda deal: operate(deal, "close", money="refund"),
    "close": lambda deal: operate(deal, "close"),
    "refund all": lambda deal: refund_payment(operator=make_staff(), order_id=order_of(deal).pk),
    "refund a part": lambda deal: refund_payment(operator=make_staff(), order_id=order_of(deal).pk, amount=100),
    "keep": lambda deal: keep_payment(operator=make_staff(), order_id=order_of(deal).pk),
    "deadlines": lambda _: run_deadlines(),
    "refunds": lambda _: retry_refunds(),
}


@settings(max_examples=40, **LIMITS)
@given(life=lives_of_payments(), data=st.data(), hours=st.lists(st.integers(0, 200), min_size=20, max_size=20))
def test_amounts_and_messages_are_true_whatever_people_do_meanwhile(life, data, hours):
    deal = make_deal("payment_pending")
    order = deal.order()
    arrivals: list[Any] = shuffled(data.draw, life)
    for step in data.draw(st.lists(st.sampled_from(sorted(STEPS)), max_size=8)):
        arrivals.insert(data.draw(st.integers(0, len(arrivals))), step)
    known: list[Reported] = []
    passed = timedelta()
    for number, step in enumerate(arrivals):
        passed += timedelta(hours=hours[number % len(hours)])
        with moved(passed):
            if isinstance(step, Reported):
                known.append(step)
                send(step.content(order))
            else:
                with suppress(DomainError):
                    STEPS[step](deal)
        check_amounts(deal)
        check_true_state(deal)
        check_own_refunds(deal)
    if SUCCEEDED not in {one.kind for one in known}:
        texts = Message.objects.filter(conversation=deal.conversation).values_list("message", flat=True)
        assert not any(word in text for text in texts for word in ARRIVED)


def check_true_state(deal: Deal) -> None:
    """Check that no work goes on while its payment is refunded, disputed or lost."""
    status, _, _, dispute = summary(deal)
    conversation = deal.now
    before_approval = conversation.flow_state in {
        "payment_completed",
        "work_in_progress",
        "work_submitted",
        "work_revision_requested",
    }
    if before_approval:
        assert (status, dispute in {None, "won"}) == ("paid", True)
    if conversation.flow_state == "payment_disputed":
        assert (status, dispute, conversation.due_at, conversation.awaiting_role) == ("paid", "open", None, None)
        assert conversation.deal.interrupted_state
    else:
        assert conversation.deal.interrupted_state == ""


def check_own_refunds(deal: Deal) -> None:
    """Check that nothing is left to decide about a payment of which nothing remains."""
    order = order_of(deal)
    status, _, _, dispute = summary(deal)
    if status == "refunded" or dispute == "lost":
        assert order.undecided_since is None
        assert not order.refunds.filter(accepted_at=None, dropped_at=None).exists()
