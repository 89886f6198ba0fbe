"""The server holds no lock while a provider opens an order: only the payer waits. If something changes or fails during
the call, the next click still results in one order."""

import asyncio
import gc
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, connections

from conversations.flows.errors import ConversationClosed, WrongRole, WrongState
from conversations.models import Transition
from conversations.participant_removal import remove_participant
from deals import actions, socket_commands
from deals.models import PaymentOrder, Refund
from deals.payments import OpenedOrder, ProviderFailed, orders
from deals.payments.errors import PaymentUnavailable
from deals.payments.provider_calls import ProviderCalls
from deals.payments.sandbox import Sandbox
from deals.payments.sandbox_payments import pay_in_sandbox
from deals.periodic_tasks import run_periodic_tasks
from deals.requests import ConversationActionRequest
from deals.selectors import deal_summary
from deals.tasks import request_refund
from foundation import errors
from foundation.clock import moved
from foundation.database.executor import in_database
from messaging.conflicts import describing_conflicts
from messaging.models import Message
from messaging.requests import SendMessageRequest
from messaging.sending import send_message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from realtime import Caller, unit_of_work
from tests.deals import make_deal
from tests.factories import make_staff, make_user
from tests.harness.tasks import run_due_tasks
from tests.payments import REFUND_TASK
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)

PAY = "proceed_to_payment"
LONG = 60


class Provider:
    """Replaces the sandbox's function that opens orders: it can delay, fail, or run a function during the call."""

    def __init__(self) -> None:
        self.asked: list[uuid.UUID] = []
        self.was_asked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.fault: Exception | None = None
        self.meanwhile = lambda: None

    def open(self, order: PaymentOrder) -> OpenedOrder:
        self.asked.append(order.pk)
        self.was_asked.set()
        assert self.may_answer.wait(LONG)
        try:
            self.meanwhile()
        finally:
            connections.close_all()
        if self.fault:
            raise self.fault
        return OpenedOrder(reference=f"ref-{order.pk}", pay={"amount": order.offer.price})


@pytest.fixture
def provider(monkeypatch, settings):
    settings.EXTERNAL_CALL_SECONDS = LONG
    stand_in = Provider()
    monkeypatch.setattr(Sandbox, "open", lambda _, order: stand_in.open(order))
    yield stand_in
    stand_in.may_answer.set()


@pytest.fixture
def deal(db, provider):
    return make_deal("payment_pending")


def by_rest(deal, version=None):
    with describing_conflicts(deal.brand_owner, deal.conversation.pk):  # like the endpoint
        return deal.act(PAY, by=deal.brand_owner, state_version=version).order


def by_socket(deal, version=None):
    return asyncio.run(clicks(deal, deal.brand_owner, version)).payment


async def clicks(deal, user, version=None, action=PAY):
    caller = Caller("sid", user.pk, user, uuid.uuid4())
    given = ConversationActionRequest(conversation_id=str(deal.conversation.pk), action=action, state_version=version)
    return await socket_commands.conversation_action(caller, given)


@contextmanager
def in_threads(number=1):
    """Return a function that starts work in separate threads."""

    def closing(work):
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as threads:
        yield lambda work: threads.submit(closing, work)


both_transports = pytest.mark.parametrize("pays", [by_rest, by_socket])


# --- Waiting users ---


async def test_actions_in_the_same_batch_do_not_wait_for_the_provider(deal, provider, monkeypatch):
    other = await in_database(make_deal)
    provider.may_answer.clear()
    batches = []

    def work(attempts):
        batches.append(len(attempts))
        return socket_commands._take_actions_within_limits(attempts)

    monkeypatch.setattr(socket_commands._action_batcher, "_work", work)
    orders = asyncio.create_task(clicks(deal, deal.brand_owner))
    answered = await clicks(other, other.influencer, action="accept_connection")
    assert answered.conversation.flow_state == "brand_owner_details"
    assert (batches, orders.done()) == ([2], False)
    # A user who acts in the same conversation does not wait either.
    with pytest.raises(WrongRole):
        await clicks(deal, deal.influencer)
    assert not orders.done()
    provider.may_answer.set()
    assert (await orders).payment.pay == {"amount": "1200.00"}


async def test_more_orders_than_socket_threads_do_not_delay_messages(provider, monkeypatch):
    monkeypatch.setattr(orders, "provider_calls", ProviderCalls(2))
    deals = [await in_database(make_deal, "payment_pending") for _ in range(12)]
    provider.may_answer.clear()
    waiting = [asyncio.create_task(clicks(deal, deal.brand_owner)) for deal in deals]
    assert await asyncio.to_thread(provider.was_asked.wait, LONG)
    for deal in deals:
        given = SendMessageRequest(conversation_id=str(deal.conversation.pk), message="Hello")
        assert (await in_database(send_message, sender=deal.influencer, data=given)).created
    assert not any(task.done() for task in waiting)
    provider.may_answer.set()
    answers = await asyncio.gather(*waiting)
    assert {one.payment.order_id for one in answers} == set(provider.asked)


@both_transports
def test_others_can_write_and_act_during_the_call(deal, provider, pays):
    other = make_deal()
    done = []

    def meanwhile():
        for who in (deal.influencer, deal.brand_owner):
            given = SendMessageRequest(conversation_id=str(deal.conversation.pk), message="Hello")
            done.append(send_message(sender=who, data=given).created)
        done.append(other.act("accept_connection").repeated)

    provider.meanwhile = meanwhile
    assert pays(deal).status == "open"
    assert done == [True, True, False]


def test_a_request_returns_its_connection_to_the_pool_during_the_call(deal, provider):
    mine, held = connections["default"], []
    provider.meanwhile = lambda: held.append(mine.connection)
    by_rest(deal)
    assert held == [None]
    assert connection.connection is not None


def test_a_provider_is_never_called_in_a_transaction(deal, provider, hints):
    with nothing_happens(hints), pytest.raises(RuntimeError, match="inside a transaction"), unit_of_work():
        by_rest(deal)
    assert provider.asked == []


def test_the_providers_data_is_read_before_the_call(deal, provider, monkeypatch):
    def refuse(*_):
        raise AssertionError("a provider must not query the database")

    def meanwhile():
        with connection.execute_wrapper(refuse):
            orders[-1].offer.price  # noqa: B018

    orders = []
    opened = provider.open
    monkeypatch.setattr(Sandbox, "open", lambda _, order: orders.append(order) or opened(order))
    provider.meanwhile, provider.fault = meanwhile, ProviderFailed("away")
    with pytest.raises(PaymentUnavailable):
        by_rest(deal)
    provider.fault = None
    assert by_rest(deal).reference
    assert len(orders) == 2


# A provider that fails or is slow


def events_in(hints):
    """Return the hints that clients can notice: not those that wake the workers of tasks."""
    return [hint for hint in hints if hint.message["type"] != "control.wake"]


@both_transports
@pytest.mark.parametrize("times", [1, 2])
def test_a_repeat_opens_the_order_after_a_failed_call(deal, provider, pays, hints, times):
    provider.fault = ProviderFailed("away")
    version, told = deal.now.state_version, events_in(hints)
    messages = Message.objects.count()
    for _ in range(times):
        with pytest.raises(PaymentUnavailable) as refusal:
            pays(deal, version)
        assert (refusal.value.status, refusal.value.code) == (503, "payment_unavailable")
        assert deal_summary(deal.now).payment_status is None
    provider.fault = None
    order = pays(deal, version)
    assert (order.status, order.pay) == ("open", {"amount": "1200.00"})
    assert deal_summary(deal.now).payment_status == "open"
    assert set(provider.asked) == {PaymentOrder.objects.get().pk}
    assert (deal.now.state_version, Message.objects.count(), events_in(hints)) == (version, messages, told)


@both_transports
def test_a_call_that_is_too_slow_times_out(deal, provider, pays, settings):
    settings.EXTERNAL_CALL_SECONDS = 0.05
    provider.may_answer.clear()
    with pytest.raises(PaymentUnavailable):
        pays(deal)
    provider.may_answer.set()
    settings.EXTERNAL_CALL_SECONDS = LONG
    assert pays(deal).pay == {"amount": "1200.00"}
    assert set(provider.asked) == {PaymentOrder.objects.get().pk}


@both_transports
def test_an_unexpected_error_of_a_provider_is_contained(deal, provider, pays):
    provider.fault = KeyError("a fault of ours")
    with pytest.raises(KeyError):
        pays(deal)
    provider.fault = None
    assert pays(deal).pay == {"amount": "1200.00"}


@both_transports
@pytest.mark.parametrize("before", ["open_at_provider", "store_outcome"])
def test_the_next_click_after_a_crash_finishes_with_one_order(deal, provider, pays, before, monkeypatch):
    class Died(BaseException):
        pass

    def die(*_):
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(actions, before, die)
        dying.setattr(socket_commands, "aopen_at_provider" if before == "open_at_provider" else "finish_action", die)
        with pytest.raises(Died):
            pays(deal)
    assert len(provider.asked) == (before == "store_outcome")
    pays(deal)
    order = PaymentOrder.objects.get()
    assert (order.reference, set(provider.asked)) == (f"ref-{order.pk}", {order.pk})
    pays(deal)
    assert len(provider.asked) == 1 + (before == "store_outcome")


# Concurrent requests


def test_concurrent_clicks_return_one_order(deal, provider):
    async def by_sockets():
        return await asyncio.gather(*(clicks(deal, deal.brand_owner) for _ in range(4)))

    provider.may_answer.clear()
    with in_threads(5) as begin:
        requests = [begin(lambda: by_rest(deal)) for _ in range(4)]
        commands = begin(lambda: asyncio.run(by_sockets()))
        assert provider.was_asked.wait(LONG)
        provider.may_answer.set()
        orders = [order.result().pk for order in requests] + [one.payment.order_id for one in commands.result()]
    assert set(orders) == set(provider.asked) == {PaymentOrder.objects.get().pk}


@pytest.mark.parametrize("fault", [None, ProviderFailed("two concurrent requests")])
def test_an_order_stored_by_another_process_during_the_call_is_used(deal, provider, fault):
    def meanwhile():
        order = PaymentOrder.objects.get()
        orders.store_outcome(order, OpenedOrder(reference="first", pay={"key": "first"}))

    provider.meanwhile, provider.fault = meanwhile, fault
    order = by_rest(deal)
    assert (order.reference, order.pay) == ("first", {"key": "first"})


@both_transports
def test_a_repeated_click_returns_the_same_order_without_a_call(deal, provider, pays, hints):
    version = deal.now.state_version
    first = pays(deal, version)
    with nothing_happens(hints):
        again = pays(deal, version)
    assert again.pay == first.pay
    assert len(provider.asked) == 1


def test_only_the_payer_can_open_an_order(deal, provider, hints):
    for user, why in (
        (deal.influencer, WrongRole),
        (make_user("brand_owner"), errors.NotFound),
        (make_staff(), errors.Forbidden),
    ):
        with nothing_happens(hints), pytest.raises(why):
            deal.act(PAY, by=user)
        with nothing_happens(hints), pytest.raises(why):
            asyncio.run(clicks(deal, user))
    assert provider.asked == []


# Changes during the call to the provider


def close(deal):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())


def pause(deal):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="pause", data=InterventionRequest())


def expire(deal):
    with moved(timedelta(days=8)):
        run_periodic_tasks()


@both_transports
@pytest.mark.parametrize("with_version", [True, False])
@pytest.mark.parametrize("fault", [None, ProviderFailed("away")])
@pytest.mark.parametrize("happens", [close, expire])
def test_a_deal_closed_during_the_call_cannot_be_paid(deal, provider, pays, with_version, fault, happens):
    provider.fault, provider.meanwhile = fault, lambda: happens(deal)
    version = deal.now.state_version if with_version else None
    with pytest.raises(ConversationClosed) as refusal:
        pays(deal, version)
    assert refusal.value.extra["conversation"].flow_state == "chat_closed"
    assert refusal.value.extra["available_actions"] == []
    asked = len(provider.asked)
    with pytest.raises(ConversationClosed):
        pays(deal, version)
    assert len(provider.asked) == asked
    assert PaymentOrder.objects.get().reference == ("" if fault else f"ref-{PaymentOrder.objects.get().pk}")


@both_transports
def test_the_same_click_after_the_end_shows_no_order(deal, provider, pays):
    version = deal.now.state_version
    pays(deal, version)
    close(deal)
    with pytest.raises(ConversationClosed):
        pays(deal, version)


@both_transports
def test_a_payment_for_a_deal_closed_during_the_call_is_refunded(deal, provider, pays):
    provider.meanwhile = lambda: close(deal)
    with pytest.raises(ConversationClosed):
        pays(deal)
    order = PaymentOrder.objects.get()
    pay_in_sandbox(user=deal.brand_owner, order_id=order.pk, kind="payment.succeeded")
    run_due_tasks()
    order.refresh_from_db()
    assert (order.status, order.refunds.get().accepted_at is not None) == ("refunded", True)
    assert not Transition.objects.filter(action="payment_verified").exists()


@both_transports
def test_a_user_removed_during_the_call_receives_no_order(deal, provider, pays):
    provider.meanwhile = lambda: remove_participant(conversation_id=deal.conversation.pk, user_id=deal.brand_owner.pk)
    with pytest.raises(errors.NotFound):
        pays(deal)


@both_transports
def test_a_deal_paused_during_the_call_is_refused_until_it_resumes(deal, provider, pays):
    provider.meanwhile = lambda: pause(deal)
    with pytest.raises(WrongState) as refusal:
        pays(deal)
    assert refusal.value.extra["conversation"].automation_enabled is False
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="resume", data=InterventionRequest())
    assert pays(deal).pay == {"amount": "1200.00"}
    assert len(provider.asked) == 1


@both_transports
def test_the_same_click_returns_an_order_paid_during_the_call(deal, provider, pays):
    def meanwhile():
        pay_in_sandbox(user=deal.brand_owner, order_id=PaymentOrder.objects.get().pk, kind="payment.succeeded")

    provider.meanwhile = meanwhile
    assert pays(deal, deal.now.state_version).status == "paid"
    with pytest.raises(WrongState):
        pays(deal)


@both_transports
def test_the_next_click_replaces_an_order_canceled_during_the_call(deal, provider, pays):
    def meanwhile():
        order = PaymentOrder.objects.order_by("created_at").first()
        pay_in_sandbox(user=deal.brand_owner, order_id=order.pk, kind="payment.canceled")

    provider.meanwhile = meanwhile
    with pytest.raises(PaymentUnavailable):
        pays(deal)
    assert pays(deal).status == "open"
    assert sorted(order.status for order in PaymentOrder.objects.all()) == ["canceled", "open"]


def test_a_webhook_during_the_call_is_kept(deal, provider):
    def meanwhile():
        pay_in_sandbox(user=deal.brand_owner, order_id=PaymentOrder.objects.get().pk, kind="payment.failed")

    provider.meanwhile = meanwhile
    order = by_rest(deal)
    assert (order.status, order.pay) == ("failed", {"amount": "1200.00"})


# The thread pool for calls


def test_too_many_waiting_requests_are_refused(provider):
    calls, go, begun = ProviderCalls(2), threading.Event(), threading.Semaphore(0)

    def question():
        begun.release()
        return go.wait(LONG)

    with in_threads(2) as begin:
        waiting = [begin(lambda key=key: calls.call(key, question)) for key in range(2)]
        assert all(begun.acquire(timeout=LONG) for _ in waiting)
        with pytest.raises(ProviderFailed, match="too many"):
            calls.call("one more", list)
        go.set()
        assert [one.result() for one in waiting] == [True, True]
    assert calls.call("one more", list) == []


async def test_equal_concurrent_calls_are_one_call(provider):
    calls, go, asked = ProviderCalls(2), threading.Event(), []

    def question():
        asked.append(None)
        return go.wait(LONG)

    waiting = [asyncio.create_task(calls.acall("key", question)) for _ in range(3)]
    other = asyncio.create_task(calls.acall("another", lambda: go.wait(LONG)))
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting, other) == [True] * 4
    assert len(asked) == 1
    assert await calls.acall("key", question) is True
    assert len(asked) == 2


async def test_a_failure_after_cancellation_is_not_logged_by_asyncio(provider):
    calls, go, complaints = ProviderCalls(1), threading.Event(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    def fail():
        assert go.wait(LONG)
        raise ProviderFailed("too late")

    waiting = asyncio.create_task(calls.acall("key", fail))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()
    assert await calls.acall("another", list) == []  # the pool has one thread, so the first call has ended
    await asyncio.sleep(0)
    del waiting
    gc.collect()
    assert complaints == []


async def test_calls_that_time_out_in_the_queue_are_dropped(provider):
    calls, go = ProviderCalls(1, max_calls=3), threading.Event()
    waiting = [asyncio.create_task(calls.acall(key, lambda: go.wait(LONG))) for key in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(ProviderFailed, match="too many"):
        await calls.acall("one more", list)
    go.set()
    assert await asyncio.gather(*waiting) == [True] * 3
    assert await calls.acall("one more", list) == []


# Refunds


@pytest.fixture
def owed(provider, monkeypatch):
    """Payments of closed deals that still await a refund, and the refund requests that the provider received."""
    asked = []

    def refuse(_, refund):
        asked.append(refund.order_id)
        raise ProviderFailed("away")

    monkeypatch.setattr(Sandbox, "refund", refuse)
    deals = [make_deal("payment_pending") for _ in range(3)]
    for deal in deals:
        order = deal.order()
        close(deal)
        pay_in_sandbox(user=deal.brand_owner, order_id=order.pk, kind="payment.succeeded")
    return asked


def test_deadlines_request_no_refunds(owed):
    deal = make_deal()
    with moved(timedelta(days=8)):
        assert run_periodic_tasks() == 1
    assert deal.now.is_closed
    assert owed == []


def test_a_refund_that_fails_does_not_delay_the_others(owed):
    assert run_due_tasks() == [REFUND_TASK] * 3
    assert len(set(owed)) == 3


def test_a_refund_is_requested_outside_transactions(owed):
    with pytest.raises(RuntimeError, match="inside a transaction"), unit_of_work():
        request_refund.func(Refund.objects.first().pk)
    assert owed == []
