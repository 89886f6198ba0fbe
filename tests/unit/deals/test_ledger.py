"""What the events of an order add up to, in any order of arrival."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deals.models import PaymentEvent, PaymentEventKind
from deals.payments.ledger import Ledger, ledger_of, status_of

PRICE = 1200
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def made(kind: str, amount: int | None = PRICE, item_id: str = "", *, at: int = 0, is_total: bool = False):
    """Return an event that happened `at` minutes after the first."""
    occurred = BEGAN + timedelta(minutes=at)
    return PaymentEvent(
        kind=PaymentEventKind(kind), amount=amount, item_id=item_id, is_total=is_total, occurred_at=occurred
    )


def arrived(events) -> list[PaymentEvent]:
    """Return copies of the events that arrived in this order."""
    stored = []
    for number, one in enumerate(events, start=1):
        copy = made(one.kind, one.amount, one.item_id, is_total=one.is_total)
        copy.pk, copy.occurred_at = number, one.occurred_at
        copy.created_at = BEGAN + timedelta(days=1, seconds=number)
        stored.append(copy)
    return stored


def ledger(*events) -> Ledger:
    return ledger_of(PRICE, arrived(events))


PAID = made("paid")
CASES = {
    # name: (events in the order in which they happened, refunded, failed, was refunded)
    "no refund": ([PAID], 0, 0, False),
    "a part": ([PAID, made("refunded", 300, at=1)], 300, 0, False),
    "parts without ids": ([PAID, made("refunded", 300, at=1), made("refunded", 500, at=2)], 800, 0, False),
    "parts that add up": ([PAID, made("refunded", 300, "a", at=1), made("refunded", 900, "b", at=2)], PRICE, 0, True),
    "one refund, three events": (
        [
            PAID,
            made("refunded", 300, "a", at=1),
            made("refunded", 300, at=1, is_total=True),
            made("refunded", 300, "a", at=2),
        ],
        300,
        0,
        False,
    ),
    "totals": (
        [PAID, made("refunded", 300, at=1, is_total=True), made("refunded", 800, at=2, is_total=True)],
        800,
        0,
        False,
    ),
    "more than all": ([PAID, made("refunded", at=1), made("refunded", at=2)], PRICE, 0, True),
    "a failed part": (
        [PAID, made("refunded", 300, "a", at=1), made("refund_failed", 300, "a", at=2)],
        0,
        300,
        False,
    ),
    "a failed part without id": ([PAID, made("refunded", 300, at=1), made("refund_failed", 300, at=2)], 0, 300, False),
    "a failed full refund": (
        [PAID, made("refunded", PRICE, "a", at=1), made("refund_failed", PRICE, "a", at=2)],
        0,
        PRICE,
        True,
    ),
    "a failed part of all": (
        [
            PAID,
            made("refunded", 400, "a", at=1),
            made("refunded", 800, "b", at=2),
            made("refund_failed", 800, "b", at=3),
        ],
        400,
        800,
        True,
    ),
    "a failed refund that is repeated": (
        [
            PAID,
            made("refunded", 600, "a", at=1),
            made("refund_failed", 600, "a", at=2),
            made("refunded", 600, "b", at=3),
        ],
        600,
        600,
        False,
    ),
    "totals and a failed refund": (
        [
            PAID,
            made("refunded", 600, "a", at=1),
            made("refunded", 600, at=1, is_total=True),
            made("refund_failed", 600, "a", at=2),
            made("refunded", 600, "b", at=3),
            made("refunded", 600, at=3, is_total=True),
        ],
        600,
        600,
        False,
    ),
    "an event of release 0.1.0": ([PAID, made("refunded", None, at=1)], PRICE, 0, True),
}


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_arrival_changes_nothing(name):
    events, refunded, failed, was_refunded = CASES[name]
    for one in list(permutations(events))[:120]:
        found = ledger(*one)
        assert (found.paid, found.refunded, found.failed, found.was_refunded) == (PRICE, refunded, failed, was_refunded)
        assert found.remaining == PRICE - refunded


def test_until_the_payment_is_known_only_a_full_refund_counts():
    for events in ([], [made("refunded", 300)], [made("dispute_opened")], [made("refund_failed", 300)]):
        assert ledger(*events) == Ledger(price=PRICE)
    assert ledger(made("refunded")) == Ledger(price=PRICE, is_paid=True, refunded=PRICE, was_refunded=True)
    failed = ledger(made("refund_failed"))
    assert (failed.is_paid, failed.refunded, failed.failed, failed.was_refunded) == (True, 0, PRICE, True)


@pytest.mark.parametrize(
    ("kinds", "dispute"),
    [
        ([], None),
        (["dispute_opened"], "open"),
        (["dispute_opened", "dispute_won"], "won"),
        (["dispute_opened", "dispute_lost"], "lost"),
        (["dispute_won"], "won"),
    ],
)
def test_the_end_of_a_dispute_counts_however_late_its_opening_arrives(kinds, dispute):
    for one in permutations(kinds):
        found = ledger(PAID, *map(made, one))
        assert found.dispute == dispute
        assert found.remaining == (0 if dispute == "lost" else PRICE)


def test_two_disputes_of_one_payment():
    won = [made("dispute_opened", item_id="a"), made("dispute_won", item_id="a")]
    assert ledger(PAID, *won, made("dispute_opened", item_id="b")).dispute == "open"
    assert ledger(PAID, *won, made("dispute_lost", item_id="b")).dispute == "lost"


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ([], "open"),
        (["failed"], "failed"),
        (["failed", "canceled"], "canceled"),
        (["failed", "canceled", "paid"], "paid"),
        (["paid", "refunded"], "refunded"),
        (["refunded"], "refunded"),
        (["refunded", "refund_failed"], "paid"),
    ],
)
def test_the_status_follows_from_all_events(kinds, status):
    for one in permutations(kinds):
        events = arrived(map(made, one))
        assert status_of(ledger_of(PRICE, events), events) == status


ANY_EVENTS = st.lists(
    st.builds(
        made,
        st.sampled_from(PaymentEventKind.values),
        st.integers(1, PRICE),
        st.sampled_from(["", "a", "b"]),
        at=st.integers(0, 3),
        is_total=st.booleans(),
    ),
    max_size=8,
)


@given(ANY_EVENTS)
def test_nothing_falls_below_zero_or_rises_above_the_price(events):
    found = ledger(*events)
    assert 0 <= found.refunded <= found.paid <= PRICE
    assert 0 <= found.remaining <= PRICE
    assert found.failed >= 0
