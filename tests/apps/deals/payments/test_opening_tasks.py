"""A task goes on trying to open an order for which a request waited in vain."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from deals import socket_commands
from deals.deadlines import run_deadlines
from deals.models import PaymentOrder
from deals.payments import orders
from deals.payments.errors import NotPayable, PaymentUnavailable
from deals.requests import ConversationActionRequest
from deals.tasks import open_order
from foundation.clock import moved
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from realtime import Caller
from tasks.models import State, StoredTask
from tests.deals import Deal, make_deal
from tests.factories import make_staff
from tests.harness.stripe import Away, LostAnswer, Slow, Status
from tests.harness.tasks import enqueued, run_due_tasks

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "deals.open_order"
PAY = "proceed_to_payment"


@pytest.fixture
def deal(stripe_server) -> Deal:
    return make_deal("payment_pending")


def by_rest(deal: Deal):
    return deal.act(PAY, by=deal.brand_owner).order


def by_socket(deal: Deal):
    user = deal.brand_owner
    given = ConversationActionRequest(conversation_id=str(deal.conversation.pk), action=PAY)
    answer = asyncio.run(socket_commands.conversation_action(Caller("sid", user.pk, user, uuid.uuid4()), given))
    return PaymentOrder.objects.get(pk=answer.payment.order_id)


both_transports = pytest.mark.parametrize("pays", [by_rest, by_socket])


def run_later() -> list[str]:
    """Run the task, as if its delay had passed."""
    StoredTask.objects.filter(kind=KIND).update(due_at="2026-01-01T00:00:00Z")
    return run_due_tasks()


def fail(deal: Deal, stripe_server, *faults, pays=by_rest) -> None:
    stripe_server.break_next(*faults)
    with pytest.raises(PaymentUnavailable) as refusal:
        pays(deal)
    assert refusal.value.retry_after > 0


def close(deal: Deal) -> None:
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())


@both_transports
@pytest.mark.parametrize("faults", [(Away(), Away()), (LostAnswer(), Away()), (Status(500),) * 2, (Status(429),)])
def test_the_next_click_returns_the_order_that_the_task_opened(deal, pays, stripe_server, faults):
    fail(deal, stripe_server, *faults, pays=pays)
    order = PaymentOrder.objects.get()
    assert run_due_tasks() == []  # not yet
    assert run_later() == [KIND]
    asked = len(stripe_server.requests)
    assert pays(deal).reference == "pi_1"
    assert len(stripe_server.requests) == asked
    assert {one.idempotency_key for one in stripe_server.requests} == {f"open-{order.pk}"}
    assert [task.state for task in enqueued(KIND)] == [State.SUCCEEDED]


def test_a_slow_provider_is_asked_again_by_the_task(deal, stripe_server, settings):
    settings.EXTERNAL_CALL_SECONDS = 0.2
    fail(deal, stripe_server, Slow(), Slow())
    stripe_server.recover()
    settings.EXTERNAL_CALL_SECONDS = 10
    assert run_later() == [KIND]
    assert by_rest(deal).reference == "pi_1"


def test_an_order_that_is_opened_at_once_has_no_task(deal):
    by_rest(deal)
    assert enqueued(KIND) == []


def test_many_clicks_have_one_task(deal, stripe_server):
    for _ in range(3):
        fail(deal, stripe_server, Status(429))
    assert len(enqueued(KIND)) == 1


def test_a_task_that_fails_is_tried_again(deal, stripe_server):
    fail(deal, stripe_server, Status(429))
    stripe_server.break_next(Status(401), Status(429))
    for attempts in (1, 2):
        assert run_later() == [KIND]
        (task,) = enqueued(KIND)
        assert (task.state, task.attempts) == (State.WAITING, attempts)
    assert run_later() == [KIND]
    assert by_rest(deal).reference == "pi_1"


def test_a_click_that_succeeds_meanwhile_leaves_nothing_to_do(deal, stripe_server):
    fail(deal, stripe_server, Status(429))
    order = by_rest(deal)
    asked = len(stripe_server.requests)
    assert run_later() == [KIND]
    assert len(stripe_server.requests) == asked
    order.refresh_from_db()
    assert order.reference == "pi_1"


def test_a_task_that_is_repeated_after_a_crash_opens_one_order(deal, stripe_server, monkeypatch):
    class Killed(BaseException): ...

    def die(*_):
        raise Killed

    fail(deal, stripe_server, Status(429))
    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr("deals.tasks.store_outcome", die)
        open_order.func(PaymentOrder.objects.get().pk)
    assert run_later() == [KIND]
    assert stripe_server.account.intents.keys() == {"pi_1"}
    assert by_rest(deal).reference == "pi_1"


def test_a_refusal_ends_the_task_and_is_told(deal, stripe_server):
    fail(deal, stripe_server, Status(429))
    stripe_server.account.refused_currencies = {"inr"}
    assert run_later() == [KIND]
    assert [task.state for task in enqueued(KIND)] == [State.SUCCEEDED]
    assert Message.objects.filter(message__contains="cannot be charged").count() == 1
    with pytest.raises(NotPayable):
        by_rest(deal)
    assert Message.objects.filter(message__contains="cannot be charged").count() == 1


@pytest.mark.parametrize("ends", ["closed", "expired", "erased"])
def test_no_order_is_opened_for_a_deal_that_has_ended(deal, stripe_server, ends):
    fail(deal, stripe_server, Status(429))
    if ends == "closed":
        close(deal)
    elif ends == "expired":
        with moved(timedelta(days=8)):
            run_deadlines()
    else:
        PaymentOrder.objects.all().delete()
    asked = len(stripe_server.requests)
    assert run_later() == [KIND]
    assert len(stripe_server.requests) == asked
    assert [task.state for task in enqueued(KIND)] == [State.SUCCEEDED]


def test_a_deal_that_ends_during_the_tasks_call_is_not_told(deal, stripe_server, monkeypatch):
    fail(deal, stripe_server, Status(429))
    opened = orders.provider_calls.call

    def call(key, function):
        close(deal)
        return opened(key, function)

    monkeypatch.setattr(orders.provider_calls, "call", call)
    stripe_server.account.refused_currencies = {"inr"}
    assert run_later() == [KIND]
    assert not Message.objects.filter(message__contains="cannot be charged").exists()
