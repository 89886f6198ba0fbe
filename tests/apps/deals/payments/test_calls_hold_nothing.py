"""Nobody waits for a payment provider but the request that needs it: nothing outside of the process is called inside a
transaction, a batch or a lock, or in the event loop."""

import asyncio
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.db import connections, transaction

from deals import socket_commands
from deals.models import PaymentOrder
from deals.payments import ProviderFailed, ProviderRefused, provider_calls, sandbox
from deals.payments.errors import NotPayable, PaymentUnavailable
from deals.payments.sandbox import Sandbox
from deals.requests import ConversationActionRequest
from foundation.database.executor import in_database
from operators.interventions import intervene
from operators.requests import InterventionRequest
from realtime import Caller, unit_of_work
from tasks.models import StoredTask
from tests.deals import Deal, make_deal
from tests.factories import make_staff
from tests.harness.external_calls import ExternalCalls, Refused, TrackedLock
from tests.harness.rest import Api
from tests.harness.stripe import Status, StripeServer
from tests.harness.tasks import run_due_tasks
from tests.payments import REFUND_TASK, refund, retry_refunds
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)

PAY = "proceed_to_payment"


class AtSandbox:
    """The sandbox, as if its methods called another system."""

    name = "sandbox"

    def __init__(self, _: pytest.FixtureRequest, calls: ExternalCalls, patch: pytest.MonkeyPatch) -> None:
        self._faults: list[Exception] = []
        for name in ("open", "refund"):
            patch.setattr(Sandbox, name, self._guarded(calls, getattr(Sandbox, name)))

    def _guarded(self, calls: ExternalCalls, method):
        def guarded(*args):
            calls.call()
            if self._faults:
                raise self._faults.pop()
            return method(*args)

        return guarded

    def fail_next(self) -> None:
        self._faults.append(ProviderFailed("away"))

    def refuse(self) -> None:
        self._faults.append(ProviderRefused("too small"))

    def paid(self, order: PaymentOrder) -> tuple[bytes, dict[str, str]]:
        return sandbox().webhook(order, "payment.succeeded")


class AtStripe:
    name = "stripe"

    def __init__(self, request: pytest.FixtureRequest, *_: object) -> None:
        self._server: StripeServer = request.getfixturevalue("stripe_server")

    def fail_next(self) -> None:
        self._server.break_next(Status(429))

    def refuse(self) -> None:
        self._server.account.refused_currencies = {"inr"}

    def paid(self, order: PaymentOrder) -> tuple[bytes, dict[str, str]]:
        return self._server.signed(self._server.account.pay(order.reference))


@pytest.fixture
def calls(external_calls, monkeypatch) -> ExternalCalls:
    monkeypatch.setattr(provider_calls, "_guard", TrackedLock(external_calls))
    return external_calls


@pytest.fixture(params=[AtSandbox, AtStripe])
def provider(request, calls, monkeypatch):
    return request.param(request, calls, monkeypatch)


@pytest.fixture
def deal(provider) -> Deal:
    return make_deal("payment_pending")


def by_rest(deal: Deal) -> int:
    path = f"/api/conversations/{deal.conversation.pk}/actions"
    return person(deal.brand_owner).api.post(path, {"action": PAY}).status_code


def by_socket(deal: Deal) -> int:
    """Pay in one batch with an action in another conversation."""
    other = make_deal()

    async def clicks():
        return await asyncio.gather(
            click(deal, deal.brand_owner, PAY), click(other, other.influencer, "accept_connection")
        )

    try:
        asyncio.run(clicks())
    except (PaymentUnavailable, NotPayable) as error:
        return error.status
    return 200


async def click(deal: Deal, user, action: str):
    given = ConversationActionRequest(conversation_id=str(deal.conversation.pk), action=action)
    return await socket_commands.conversation_action(Caller("sid", user.pk, user, uuid.uuid4()), given)


both_transports = pytest.mark.parametrize("pays", [by_rest, by_socket])


def close(deal: Deal) -> None:
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())


def deliver(provider, order: PaymentOrder) -> int:
    body, headers = provider.paid(order)
    return Api().post(f"/api/payments/{provider.name}/webhook", body, headers=headers).status_code


@both_transports
def test_opening_an_order(deal, calls, pays):
    assert pays(deal) == 200
    assert calls.made > 0


@both_transports
def test_opening_an_order_that_fails_and_the_task_that_goes_on(deal, calls, pays, provider):
    provider.fail_next()
    assert pays(deal) == 503
    made = calls.made
    StoredTask.objects.update(due_at="2026-01-01T00:00:00Z")
    assert "deals.open_order" in run_due_tasks()
    assert calls.made > made
    assert pays(deal) == 200


@both_transports
def test_opening_an_order_that_is_refused(deal, calls, pays, provider):
    provider.refuse()
    assert pays(deal) == 409
    assert calls.made > 0


def test_a_webhook_and_the_refund_that_it_causes(deal, calls, provider):
    order = deal.order()
    close(deal)
    made = calls.made
    assert deliver(provider, order) == 200
    assert calls.made == made
    assert run_due_tasks() == [REFUND_TASK]
    assert calls.made > made
    assert order.refunds.get().accepted_at is not None


def test_a_webhook_alone_calls_nothing(deal, calls, provider):
    order = deal.order()
    made = calls.made
    assert deliver(provider, order) == 200
    assert deal.now.flow_state == "payment_completed"
    assert calls.made == made


def test_a_refund_that_is_requested_later(deal, calls, provider):
    order = deal.order()
    close(deal)
    provider.fail_next()
    assert deliver(provider, order) == 200
    run_due_tasks()
    made = calls.made
    assert retry_refunds() == [REFUND_TASK]
    assert calls.made > made
    assert order.refunds.get().accepted_at is not None


def test_a_refund_by_an_operator(deal, calls, provider):
    order = deal.order()
    assert deliver(provider, order) == 200
    made = calls.made
    refund(order, 100)
    assert calls.made > made
    assert order.refunds.get().accepted_at is not None


# The proof itself


def in_a_transaction(visit, calls):
    with transaction.atomic():
        visit()


def in_a_unit_of_work_of_another_thread(visit, calls):
    with unit_of_work(), ThreadPoolExecutor(1) as threads:
        threads.submit(visit).result()


def in_a_batch(visit, calls):
    asyncio.run(in_database(visit))


def during_a_batch_of_another_thread(visit, calls):
    begun, done = threading.Event(), threading.Event()

    def batch():
        begun.set()
        done.wait(60)
        connections.close_all()

    async def both():
        running = asyncio.create_task(in_database(batch))
        try:
            assert await asyncio.to_thread(begun.wait, 60)
            await asyncio.to_thread(visit)
        finally:
            done.set()
            await running

    asyncio.run(both())


def in_a_lock(visit, calls):
    with provider_calls._guard:
        visit()


def in_the_event_loop(visit, calls):
    async def coroutine():
        visit()

    asyncio.run(coroutine())


@pytest.mark.parametrize(
    "inside",
    [
        in_a_transaction,
        in_a_unit_of_work_of_another_thread,
        in_a_batch,
        during_a_batch_of_another_thread,
        in_a_lock,
        in_the_event_loop,
    ],
)
def test_sockets_are_refused_inside(db, calls, stripe_server, inside):
    with requests.Session() as session:

        def visit():
            session.post(stripe_server.url, data={"a": "b"}, timeout=60)

        visit()
        assert calls.refused == []
        calls.patience = 0.1
        with pytest.raises(Refused):
            inside(visit, calls)
        assert calls.refused != []
        calls.refused.clear()
        visit()
