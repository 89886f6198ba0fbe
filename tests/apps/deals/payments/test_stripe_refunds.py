"""Refunds at Stripe that are tried again when Stripe may have forgotten the idempotency key."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from deals.models import Refund
from deals.payments import ProviderFailed, get_provider
from deals.payments.stripe_provider import REFUNDS_PER_PAGE
from deals.selectors import deal_summary
from foundation.clock import moved
from tests.deals import make_deal
from tests.harness.stripe import Away, Dripping, Fault, Garbage, LostAnswer, ReceivedRequest, Slow, Status
from tests.payments import REFUND_TASK, refund, refund_tasks, report, retry_refunds

pytestmark = pytest.mark.django_db

PART, ALL = 30_000, 120_000


@pytest.fixture
def deal(db, stripe_server):
    return make_deal("payment_pending")


@pytest.fixture
def paid(order, account, stripe_server):
    """The order, which was paid."""
    tell(stripe_server, account.pay("pi_1"))
    return order


def tell(stripe_server, *events):
    for event in events:
        body, headers = stripe_server.signed(event)
        report(body, "stripe", headers)


@contextmanager
def a_day_later(stripe_server):
    """Let Stripe forget the keys."""
    stripe_server.forget_keys()
    stripe_server.requests.clear()
    with moved(timedelta(hours=24)):
        yield


def try_later(stripe_server):
    with a_day_later(stripe_server):
        assert retry_refunds() == [REFUND_TASK]


def methods(stripe_server):
    return [request.method for request in stripe_server.requests]


def lose_answer(stripe_server, order, amount=PART):
    """Let Stripe make a refund, but lose its answer and that of the retry."""
    stripe_server.break_next(LostAnswer(), LostAnswer())
    refund(order, amount)
    assert refund_tasks() == [("waiting", "APIConnectionError")]
    return Refund.objects.get()


def lose_request(stripe_server, order, amount=PART):
    stripe_server.break_next(Away(), Away())
    refund(order, amount)
    assert refund_tasks() == [("waiting", "APIConnectionError")]
    return Refund.objects.get()


def fill(account, number):
    """Let somebody make refunds of one minor unit in the dashboard, of which nobody tells us."""
    for _ in range(number):
        account.refund("pi_1", 1)


@pytest.mark.parametrize("amount", [PART, ALL])
def test_a_refund_whose_answer_and_key_are_lost_is_made_once(deal, paid, account, stripe_server, amount):
    lost = lose_answer(stripe_server, paid, amount)
    assert account.refunds.keys() == {"re_1"}
    try_later(stripe_server)
    query = {"payment_intent": "pi_1", "limit": str(REFUNDS_PER_PAGE)}
    assert stripe_server.requests == [ReceivedRequest("/v1/refunds", query, None, "GET")]
    assert account.refunds.keys() == {"re_1"}
    lost.refresh_from_db()
    assert (refund_tasks(), lost.accepted_at is not None, lost.dropped_at) == ([("succeeded", "")], True, None)
    tell(stripe_server, *account.events_of(account.refunds["re_1"]))
    assert deal_summary(deal.now).refunded_amount == f"{amount // 100}.00"


def test_a_refund_that_was_not_made_is_created_once(paid, account, stripe_server):
    lost = lose_request(stripe_server, paid)
    try_later(stripe_server)
    assert methods(stripe_server) == ["GET", "POST"]
    assert stripe_server.requests[-1].idempotency_key == f"refund-{lost.pk}"
    assert [one["metadata"] for one in account.refunds.values()] == [{"refund_id": str(lost.pk)}]
    assert refund_tasks() == [("succeeded", "")]


def test_an_answer_that_is_lost_again_and_again_makes_one_refund(paid, account, stripe_server):
    lose_request(stripe_server, paid)
    with a_day_later(stripe_server):
        stripe_server.break_next(Status(500), Status(500))
        retry_refunds()
        assert account.refunds == {}
        stripe_server.requests.clear()
        stripe_server.break_next(Fault(), LostAnswer(), LostAnswer())
        retry_refunds()
        assert methods(stripe_server) == ["GET", "POST", "POST"]
        try_later(stripe_server)
    assert methods(stripe_server) == ["GET"]
    assert (account.refunds.keys(), refund_tasks()) == ({"re_1"}, [("succeeded", "")])


def test_the_key_alone_is_used_before_it_can_be_forgotten(paid, account, stripe_server):
    lose_answer(stripe_server, paid)
    stripe_server.requests.clear()
    with moved(timedelta(hours=22, minutes=55)):
        assert retry_refunds() == [REFUND_TASK]
    assert methods(stripe_server) == ["POST"]
    assert (account.refunds.keys(), refund_tasks()) == ({"re_1"}, [("succeeded", "")])


@pytest.mark.parametrize("others", [0, REFUNDS_PER_PAGE - 1, REFUNDS_PER_PAGE, 2 * REFUNDS_PER_PAGE])
def test_a_refund_is_found_behind_newer_ones(paid, account, stripe_server, others):
    lose_answer(stripe_server, paid)
    fill(account, others)
    try_later(stripe_server)
    assert methods(stripe_server) == ["GET"] * (1 + others // REFUNDS_PER_PAGE)
    assert len(account.refunds) == 1 + others
    assert Refund.objects.get().order.events.get(kind="refunded").item_id == "re_1"


def test_refunds_of_other_requests_are_not_adopted(paid, account, stripe_server):
    refund(paid, PART)
    account.refund("pi_1", PART)
    account.refunds["re_2"]["metadata"] = {"refund_id": "nonsense"}
    account.refund("pi_1", PART)
    account.refunds["re_3"]["metadata"] = None
    stripe_server.break_next(Away(), Away())
    refund(paid, PART - 1)
    try_later(stripe_server)
    assert methods(stripe_server) == ["GET", "POST"]
    assert account.refunds["re_4"]["amount"] == PART - 1
    assert len(account.refunds) == 4


def test_a_refund_that_has_failed_meanwhile_is_not_made_again(deal, paid, account, stripe_server):
    lose_answer(stripe_server, paid)
    account.fail_refund("re_1")
    try_later(stripe_server)
    assert (methods(stripe_server), len(account.refunds)) == (["GET"], 1)
    assert deal_summary(deal.now).refunded_amount == "0.00"
    paid.refresh_from_db()
    assert (refund_tasks(), paid.undecided_since is not None) == ([("succeeded", "")], True)


FAULTS = [
    (Away(), Away()),
    (Status(500), Status(500)),
    (Status(400),),
    (Status(401),),
    (Status(403),),
    (Status(404),),
    (Status(429),),
    (Garbage(b""),),
    (Garbage(b"{}"),),
    (Garbage(b"[]"),),
    (Garbage(b"null"),),
    (Garbage(b'{"object": "list"}'),),
    (Garbage(b'{"object": "list", "has_more": false}'),),
    (Garbage(b'{"object": "list", "data": null, "has_more": false}'),),
    (Garbage(b'{"object": "list", "data": {}, "has_more": false}'),),
    (Garbage(b'{"object": "list", "data": []}'),),
    (Garbage(b'{"object": "list", "data": [], "has_more": true}'),),
    (Garbage(b'{"error": {"type": "invalid_request_error", "code": "resource_missing"}}', status=404),),
]


@pytest.mark.parametrize("faults", FAULTS, ids=repr)
def test_nothing_is_created_if_the_list_fails(paid, account, stripe_server, faults):
    lose_request(stripe_server, paid)
    stripe_server.break_next(*faults)
    try_later(stripe_server)
    assert methods(stripe_server) == ["GET"] * len(faults)
    assert ([state for state, _ in refund_tasks()], account.refunds) == (["waiting"], {})
    try_later(stripe_server)
    assert (account.refunds.keys(), refund_tasks()) == ({"re_1"}, [("succeeded", "")])


def test_nothing_is_created_if_a_later_page_fails(paid, account, stripe_server):
    lose_answer(stripe_server, paid)
    fill(account, REFUNDS_PER_PAGE)
    made = len(account.refunds)
    stripe_server.break_next(Fault(), Status(429))
    try_later(stripe_server)
    assert methods(stripe_server) == ["GET"] * 2
    assert (len(account.refunds), refund_tasks()) == (made, [("waiting", "RateLimitError")])


@pytest.mark.parametrize("first", [Slow, Dripping, Away])
@pytest.mark.parametrize("second", [Slow, Dripping])
def test_a_list_has_a_time_limit_and_then_nothing_is_created(paid, account, stripe_server, settings, first, second):
    settings.EXTERNAL_CALL_SECONDS = 0.3
    wanted = Refund(order=paid, amount=PART)
    stripe_server.break_next(first(), second())
    with a_day_later(stripe_server), pytest.raises(ProviderFailed):
        get_provider("stripe").refund(wanted)
    assert methods(stripe_server) == ["GET", "GET"]
    assert account.refunds == {}


def test_the_pages_and_the_refund_share_one_time_limit(paid, stripe_server, monkeypatch):
    """The clock advances by four seconds with each request. The limit is ten."""
    seconds = [0.0]
    monkeypatch.setattr("deals.payments.stripe_http.monotonic", lambda: seconds[0])
    answer = stripe_server.answer

    def slow(*given):
        seconds[0] += 4
        return answer(*given)

    monkeypatch.setattr(stripe_server, "answer", slow)
    refunds = b'[{"id": "re_x", "object": "refund"}]'
    endless = Garbage(b'{"object": "list", "url": "/v1/refunds", "has_more": true, "data": %b}' % refunds)
    stripe_server.break_next(*[endless] * 9)
    wanted = Refund(order=paid, amount=PART)
    with a_day_later(stripe_server), pytest.raises(ProviderFailed):
        get_provider("stripe").refund(wanted)
    assert set(methods(stripe_server)) == {"GET"}
    assert len(stripe_server.requests) <= 3
    stripe_server.recover()
    assert get_provider("stripe").refund(wanted).item_id == "re_1"  # the next call has a limit of its own


def test_a_refund_of_release_0_1_0_keeps_the_parameters_of_its_key(paid, account, stripe_server):
    get_provider("stripe").refund(Refund(pk=paid.pk, order=paid, amount=ALL))
    assert stripe_server.requests[-1] == ReceivedRequest("/v1/refunds", {"payment_intent": "pi_1"}, f"refund-{paid.pk}")
