"""Agreed prices that the provider refuses for good: the payer gets a conflict, and everybody is told once."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from conversations.flows.errors import ConversationClosed
from deals import socket_commands
from deals.models import PaymentOrder
from deals.payments import ProviderFailed, ProviderRefused
from deals.payments.errors import NotPayable, PaymentUnavailable
from deals.payments.sandbox import Sandbox
from deals.requests import ConversationActionRequest
from deals.selectors import deal_summary
from messaging.conflicts import describing_conflicts
from messaging.models import Message
from notifications.models import Notification
from operators.interventions import intervene
from operators.requests import InterventionRequest
from realtime import Caller
from tests.deals import Deal, make_deal
from tests.factories import make_staff
from tests.harness.stripe import Status
from tests.unchanged import every_row

pytestmark = pytest.mark.django_db(transaction=True)

PAY = "proceed_to_payment"


def by_rest(deal: Deal):
    with describing_conflicts(deal.brand_owner, deal.conversation.pk):  # like the endpoint
        return deal.act(PAY, by=deal.brand_owner).order


def by_socket(deal: Deal):
    user = deal.brand_owner
    given = ConversationActionRequest(conversation_id=str(deal.conversation.pk), action=PAY)
    answer = asyncio.run(socket_commands.conversation_action(Caller("sid", user.pk, user, uuid.uuid4()), given))
    return PaymentOrder.objects.get(pk=answer.payment.order_id)


both_transports = pytest.mark.parametrize("pays", [by_rest, by_socket])


@pytest.fixture
def deal(stripe_server) -> Deal:
    return make_deal("payment_pending", currency="EUR")


@pytest.fixture
def refused(deal, stripe_server) -> Deal:
    """A deal in a currency that the account cannot use."""
    stripe_server.account.refused_currencies = {"eur"}
    return deal


@pytest.fixture
def outgrown(stripe_server, settings) -> Deal:
    """A deal in a currency that no provider but the former one takes."""
    settings.PAYMENT_PROVIDER = "sandbox"
    deal = make_deal("payment_pending", currency="IQD")
    settings.PAYMENT_PROVIDER = "stripe"
    return deal


def told(deal: Deal) -> list[Message]:
    messages = Message.objects.filter(conversation=deal.conversation, message__contains="cannot be charged")
    return list(messages.select_related("sender"))


@both_transports
@pytest.mark.parametrize(("kind", "requests"), [("refused", 1), ("outgrown", 0)])
def test_a_refused_price_is_a_conflict_of_which_both_are_told_once(request, pays, kind, requests, stripe_server):
    deal = request.getfixturevalue(kind)
    version = deal.now.state_version
    with pytest.raises(NotPayable) as refusal:
        pays(deal)
    assert (refusal.value.status, refusal.value.code) == (409, "not_payable")
    assert refusal.value.extra["conversation"].flow_state == "payment_pending"
    assert [one["action"] for one in refusal.value.extra["available_actions"]] == [PAY]
    assert len(stripe_server.requests) == requests
    (message,) = told(deal)
    assert (message.sender.role, message.message_type) == ("system", "system")
    assert deal.now.deal.last_offer.price_text in message.message
    notified = set(Notification.objects.filter(message=message).values_list("user_id", flat=True))
    assert notified == {deal.brand_owner.pk, deal.influencer.pk}
    assert (deal.now.state_version, deal_summary(deal.now).payment_status) == (version, None)
    with pytest.raises(NotPayable):
        pays(deal)
    assert len(told(deal)) == 1
    assert PaymentOrder.objects.count() == 1


def test_concurrent_clicks_are_told_once(refused):
    def click(_):
        try:
            with pytest.raises(NotPayable):
                by_rest(refused)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(click, range(4)))
    assert len(told(refused)) == 1
    assert PaymentOrder.objects.count() == 1


@both_transports
def test_an_order_that_can_be_opened_later_is_opened(refused, pays, stripe_server):
    with pytest.raises(NotPayable):
        pays(refused)
    stripe_server.account.refused_currencies = set()
    order = pays(refused)
    assert (order.reference, order.refused_at) == ("pi_1", None)
    assert {one.idempotency_key for one in stripe_server.requests} == {f"open-{order.pk}"}


@both_transports
@pytest.mark.parametrize("status", [401, 403])
def test_what_the_operator_can_correct_is_no_refusal(deal, pays, stripe_server, status):
    stripe_server.break_next(Status(status))
    with pytest.raises(PaymentUnavailable):
        pays(deal)
    assert told(deal) == []
    assert pays(deal).reference == "pi_1"


@both_transports
def test_nobody_is_told_of_a_refusal_after_the_end(refused, pays, monkeypatch, settings):
    settings.PAYMENT_PROVIDER = "sandbox"

    def open_and_close(*_):
        data = InterventionRequest()
        intervene(operator=make_staff(), conversation_id=refused.conversation.pk, action="close", data=data)
        connections.close_all()
        raise ProviderRefused("too late")

    monkeypatch.setattr(Sandbox, "open", open_and_close)
    with pytest.raises(ConversationClosed):
        pays(refused)
    assert told(refused) == []


@both_transports
def test_a_refusal_is_told_once_when_it_alternates_with_other_failures(deal, pays, monkeypatch, settings):
    settings.PAYMENT_PROVIDER = "sandbox"
    failures = [ProviderFailed("away"), ProviderRefused("no"), ProviderFailed("away"), ProviderRefused("no")]

    def fail(*_):
        raise failures.pop(0)

    monkeypatch.setattr(Sandbox, "open", fail)
    for why in (PaymentUnavailable, NotPayable) * 2:
        with pytest.raises(why):
            pays(deal)
    assert len(told(deal)) == 1


def test_only_the_order_and_the_message_are_stored(refused, hints):
    before = every_row()
    with pytest.raises(NotPayable):
        by_rest(refused)
    changed = {name for name, rows in every_row().items() if rows != before[name]}
    assert {"Transition", "Deal", "Offer"}.isdisjoint(changed)
    assert {"PaymentOrder", "Message", "Notification"} <= changed


def test_operators_find_the_conversation(refused, deal, admin_client: Client, settings):
    settings.PAYMENT_PROVIDER = "sandbox"
    other = make_deal("payment_pending")
    other.order()
    settings.PAYMENT_PROVIDER = "stripe"
    with pytest.raises(NotPayable):
        by_rest(refused)
    page = admin_client.get("/admin/conversations/conversation/?payment=refused")
    assert page.status_code == 200
    assert str(refused.conversation.pk) in page.content.decode()
    assert str(other.conversation.pk) not in page.content.decode()
    transcript = admin_client.get(f"/admin/conversations/conversation/{refused.conversation.pk}/change/")
    assert "The provider cannot charge this price." in transcript.content.decode()
