"""The checker of money finds each kind of violation, and nothing in a history without one."""

from dataclasses import replace

import pytest

from faults.checker.money import DealHistory, ProviderEvent, RefundCall, RefundRequest, check_money
from faults.checker.money_messages import KINDS, Told, read_told
from faults.scenarios.money_plans import DEALS, as_event, webhooks

PRICE = 100_000
PAID = ProviderEvent("e1", "payment.succeeded", PRICE)
VERIFIED = "The payment of ₹1,000.00 has arrived. Ira can start the work."
DECIDED = "An operator decided to refund ₹200.00."
FAILED = "A refund of ₹100.00 failed."
OPENED = "The payment of ₹1,000.00 is disputed. The deal waits until the dispute is decided."
WON = "The dispute is over, and it did not take back the payment. The deal goes on."
LOST = "The dispute took back the payment, so this conversation is closed."
FULL = "The payment of ₹1,000.00 was refunded in full, so this conversation is closed."
UNDECIDED = "An operator decides what happens to the payment, of which ₹1,000.00 remains."


def part(amount, remaining):
    return f"₹{amount}.00 of the payment was refunded. ₹{remaining}.00 remains."


def event(kind, amount=PRICE, item="", id="e2"):
    return ProviderEvent(id, f"payment.{kind}", amount, item)


def payment(refunded="0.00", paid="1000.00", dispute=None):
    return {"paid_amount": paid, "refunded_amount": refunded, "dispute": dispute}


def deal(**members):
    paid = {"events": [PAID], "state": "payment_completed", "texts": [VERIFIED], "payment": payment()}
    return DealHistory("deal", PRICE, **paid | members)


REFUNDED_BY_OPERATOR = {
    "requests": [RefundRequest(20_000, "accepted")],
    "calls": [RefundCall("k1", 20_000)],
    "payment": payment("200.00"),
    "texts": [VERIFIED, DECIDED, part(200, 800)],
}
CORRECT = {
    "paid": deal(),
    "nothing": deal(events=[], state="payment_pending", texts=[], payment=payment(paid="0.00")),
    "a part": deal(
        events=[PAID, event("refunded", 10_000, "a"), event("refunded", 10_000, "a", "e3")],
        texts=[VERIFIED, part(100, 900)],
        payment=payment("100.00"),
    ),
    "parts told together": deal(
        events=[PAID, event("refunded", 10_000, "a"), event("refunded", 20_000, "b", "e3")],
        texts=[VERIFIED, part(300, 700)],
        payment=payment("300.00"),
    ),
    "all, before the payment was known": deal(
        events=[PAID, event("refunded")], texts=[FULL], state="chat_closed", payment=payment("1000.00")
    ),
    "all, after the approval": deal(
        stage="real_time",
        events=[PAID, event("refunded")],
        texts=[VERIFIED, "The payment of ₹1,000.00 was refunded in full."],
        state="real_time",
        payment=payment("1000.00"),
    ),
    "a failed part": deal(
        events=[PAID, event("refunded", 10_000, "a"), event("refund_failed", 10_000, "a", "e3")],
        texts=[VERIFIED, part(100, 900), FAILED, UNDECIDED],
    ),
    "a failed part, told only once": deal(
        events=[PAID, event("refunded", 10_000, "a"), event("refund_failed", 10_000, "a", "e3")],
        texts=[VERIFIED, FAILED, UNDECIDED],
    ),
    "open dispute": deal(
        events=[PAID, event("dispute_opened")],
        texts=[OPENED],
        state="payment_disputed",
        payment=payment(dispute="open"),
    ),
    "won dispute": deal(
        stage="work_in_progress",
        events=[PAID, event("dispute_opened"), event("dispute_won", id="e3")],
        texts=[VERIFIED, WON],
        state="work_in_progress",
        payment=payment(dispute="won"),
    ),
    "lost dispute": deal(
        events=[PAID, event("dispute_lost"), event("refunded", 10_000, "a", "e3")],
        texts=[LOST, part(100, "0")],
        state="chat_closed",
        payment=payment("100.00", dispute="lost"),
    ),
    "request": deal(**REFUNDED_BY_OPERATOR),
    "request sent again with its key": deal(**REFUNDED_BY_OPERATOR | {"calls": [RefundCall("k1", 20_000)] * 2}),
    "request announced by the provider": deal(
        **REFUNDED_BY_OPERATOR | {"events": [PAID, event("refunded", 20_000, "k1")]}
    ),
    "request without a response": deal(**REFUNDED_BY_OPERATOR | {"requests": [RefundRequest(20_000, "unknown")]}),
    "request that was lost": deal(requests=[RefundRequest(20_000, "unknown")]),
    "refused request": deal(requests=[RefundRequest(20_000, "refused")]),
    "payment of a closed deal": deal(
        closed_by_operator=True,
        requests=[RefundRequest(PRICE, "accepted", by_system=True)],
        calls=[RefundCall("k1", PRICE)],
        texts=["The payment of ₹1,000.00 was refunded in full."],
        state="chat_closed",
        payment=payment("1000.00"),
    ),
}


@pytest.mark.parametrize("name", CORRECT)
def test_a_correct_history_has_no_violations(name):
    assert check_money([CORRECT[name]]) == []


PLANTED = {
    # name: (correct history, changed members, what is found)
    "wrong sum": ("a part", {"payment": payment("200.00")}, "refunded_amount is 20000"),
    "counted twice": ("parts told together", {"payment": payment("600.00")}, "refunded_amount is 60000"),
    "below zero": ("a failed part", {"payment": payment("-100.00")}, "is not between 0 and 100000"),
    "above the price": ("request", {"payment": payment("1200.00")}, "is not between 0 and 100000"),
    "unpaid": ("paid", {"payment": payment(paid="0.00")}, "paid_amount is 0"),
    "paid without a payment": ("nothing", {"payment": payment()}, "paid_amount is 1000"),
    "other dispute": ("won dispute", {"payment": payment(dispute="open")}, "the dispute is open, but won"),
    "work goes on": ("all, before the payment was known", {"state": "payment_completed"}, "not in chat_closed"),
    "closed after the approval": ("all, after the approval", {"state": "chat_closed"}, "not in real_time"),
    "closed by a part": ("a part", {"state": "chat_closed"}, "not in payment_completed"),
    "dispute ignored": ("open dispute", {"state": "payment_completed"}, "not in payment_disputed"),
    "dispute not over": ("won dispute", {"state": "payment_disputed"}, "not in work_in_progress"),
    "lost dispute ignored": ("lost dispute", {"state": "payment_disputed"}, "not in chat_closed"),
    "payment lost": ("paid", {"state": "payment_pending"}, "not in payment_completed"),
    "reopened": ("payment of a closed deal", {"state": "payment_completed"}, "not in chat_closed"),
    "two keys": ("request", {"calls": [RefundCall("k1", 20_000), RefundCall("k2", 20_000)]}, "sent under 2 keys"),
    "refund of nobody": ("paid", {"calls": [RefundCall("k1", 100)]}, "requested 0 times"),
    "refused, but sent": ("request", {"requests": [RefundRequest(20_000, "refused")]}, "requested 0 times"),
    "refused after the payment": (
        "won dispute",
        {"requests": [RefundRequest(20_000, "refused")]},
        "a refund of 20000 was refused",
    ),
    "two amounts": ("request", {"calls": [RefundCall("k1", 1), RefundCall("k1", 20_000)]}, "two amounts"),
    "never sent": ("request", {"calls": []}, "accepted, but never sent"),
    "payment not returned": ("payment of a closed deal", {"calls": []}, "accepted, but never sent"),
    "too much": (
        "request",
        {"calls": [RefundCall("k1", 20_000), RefundCall("k2", 90_000)]},
        "110000 were refunded, more than the price",
    ),
    "payment not told": ("paid", {"texts": []}, "0 messages verified"),
    "payment told twice": ("paid", {"texts": [VERIFIED] * 2}, "2 messages verified"),
    "payment told although unpaid": ("nothing", {"texts": [VERIFIED]}, "1 messages verified"),
    "payment told after its refund": (
        "all, before the payment was known",
        {"texts": [FULL, VERIFIED]},
        "arrived, after it was refunded",
    ),
    "part told twice": ("a part", {"texts": [VERIFIED, part(100, 900), part(100, 900)]}, "but of the payment remained"),
    "part not told": ("a part", {"texts": [VERIFIED]}, "told that [100000] remains, but 90000 does"),
    "wrong rest": ("a part", {"texts": [VERIFIED, part(100, 800)]}, "but of the payment remained [100000]"),
    "full refund told twice": ("all, before the payment was known", {"texts": [FULL, FULL]}, "remained [0]"),
    "full refund not told": ("payment of a closed deal", {"texts": []}, "told that [100000] remains, but 0 does"),
    "failure told twice": (
        "a failed part, told only once",
        {"texts": [VERIFIED, FAILED, FAILED, UNDECIDED]},
        "told of failed refunds [10000, 10000]",
    ),
    "failure not told": (
        "a failed part, told only once",
        {"texts": [VERIFIED, UNDECIDED]},
        "told of failed refunds []",
    ),
    "not undecided": ("a failed part", {"texts": [VERIFIED, part(100, 900), FAILED]}, "0 messages undecided"),
    "undecided for no reason": ("paid", {"texts": [VERIFIED, UNDECIDED]}, "1 messages undecided"),
    "decision told twice": ("request", {"texts": [VERIFIED, DECIDED, DECIDED, part(200, 800)]}, "decided refunds"),
    "decision not told": ("request", {"texts": [VERIFIED, part(200, 800)]}, "told of decided refunds []"),
    "dispute told twice": ("open dispute", {"texts": [OPENED, OPENED]}, "2 messages dispute_opened"),
    "dispute not told": ("open dispute", {"texts": []}, "0 messages dispute_opened"),
    "won dispute told twice": ("won dispute", {"texts": [VERIFIED, WON, WON]}, "2 messages dispute_won"),
    "lost dispute not told": ("lost dispute", {"texts": [part(100, 900)]}, "0 messages dispute_lost"),
    "dispute out of nothing": ("paid", {"texts": [VERIFIED, LOST]}, "1 messages dispute_lost"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found(name):
    correct, members, what = PLANTED[name]
    found = check_money([CORRECT["paid"], replace(CORRECT[correct], **members)])
    assert any(what in one for one in found), found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (VERIFIED, Told("verified")),
        (FULL, Told("refunded")),
        (part(100, 900), Told("partial_refund", 10_000, 90_000)),
        ("€1.00 of the payment was refunded. €1,234,567.00 remains.", Told("partial_refund", 100, 123_456_700)),
        (FAILED, Told("refund_failed", 10_000)),
        (DECIDED, Told("refund_decided", 20_000)),
        (OPENED, Told("dispute_opened")),
        (WON, Told("dispute_won")),
        (LOST, Told("dispute_lost")),
        (UNDECIDED, Told("undecided")),
        ("Ira started the work.", None),
    ],
)
def test_messages_are_read(text, told):
    assert read_told(text) == told


def test_each_kind_of_message_has_a_planted_violation():
    assert {read_told(text).kind for one in CORRECT.values() for text in one.texts} == set(KINDS)


@pytest.mark.parametrize(("plan", "stage"), DEALS, ids=lambda one: getattr(one, "what", one))
def test_plans_leave_no_doubt_about_the_end(plan, stage):
    """The final state of a plan does not depend on the order of its events, and each request has another amount."""
    events = [as_event(one) for one in webhooks(plan, "order")]
    assert len({one.id for one in events}) == len(events)
    made = {one.item: one.amount for one in events if one.type == "payment.refunded"}
    failed = {one.item: one.amount for one in events if one.type == "payment.refund_failed"}
    assert sum(made.values()) + sum(plan.requests) <= PRICE
    assert len({*plan.requests, *made.values()}) == len(plan.requests) + len(set(made.values()))
    assert failed.items() <= made.items()
    assert not failed or events[-1].type == "payment.refund_failed"
