"""The REST endpoints of a deal: actions, buttons, operators, payments."""

import json
from codecs import BOM_UTF8
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from accounts.models import User
from conversations.models import ConversationView, Transition
from deals.models import PaymentOrder
from deals.payments import ProviderFailed, ProviderRefused
from deals.payments.sandbox import SIGNATURE, Sandbox
from messaging.models import Message
from tests.api.shapes import CONVERSATION, MESSAGE, refused, succeeded
from tests.deals import Deal, make_deal
from tests.factories import login
from tests.harness.people import Person
from tests.harness.rest import Api
from tests.people import person
from tests.unchanged import nothing_happens

STANDS = {"conversation", "available_actions"}
PAYMENT = {"order_id", "provider", "amount", "currency", "status", "pay"}


@pytest.fixture(autouse=True)
def hints(sent_hints):
    return sent_hints


@pytest.fixture
def bid(brand: Person, influencer: Person) -> str:
    return brand.opens_bid_with(influencer)


def acts(who: Person, conversation: str, action: str, data=None, **more):
    body = {"action": action, **({} if data is None else {"data": data}), **more}
    return who.api.post(f"/api/conversations/{conversation}/actions", body)


def people_of(deal: Deal) -> tuple[Person, Person, str]:
    return person(deal.brand_owner), person(deal.influencer), str(deal.conversation.pk)


# Actions


def test_an_action_returns_the_conversation_and_the_message(influencer, bid):
    body = succeeded(acts(influencer, bid, "accept_connection", state_version=1), "conversation", "message")
    conversation, message = body["conversation"], body["message"]
    assert conversation.keys() == CONVERSATION
    assert message.keys() == MESSAGE
    assert (conversation["flow_state"], conversation["state_version"]) == ("brand_owner_details", 2)
    assert (conversation["awaiting_role"], conversation["available_actions"]) == ("brand_owner", [])
    assert conversation["last_message"] == message
    assert conversation["current_action_data"] == message["action_data"]
    assert conversation["due_at"]
    assert influencer.sees(bid) == conversation


def history(who: Person, conversation: str) -> list[str]:
    log = who.reads(f"/api/conversations/{conversation}/events")["results"]
    return [one["data"]["summary"] for one in log if one["event"] == "conversation_state_changed"]


def test_the_history_keeps_the_names_of_its_time(brand, influencer, bid):
    User.objects.filter(pk=influencer.pk).update(name="%(brand_owner)s <b>")
    acts(influencer, bid, "accept_connection")
    User.objects.filter(pk=influencer.pk).update(name="Mira")
    acts(brand, bid, "send_project_details", {"details": "%(influencer)s"})
    acts(influencer, bid, "reject_project")
    told = [
        f"{brand.name} made the request",
        "%(brand_owner)s <b> accepted the request",
        f"{brand.name} sent the project",
        "Mira declined the project",
    ]
    assert history(brand, bid) == history(influencer, bid) == told
    assert brand.sees(bid)["stage"] == {"key": "closed", "label": "Closed", "position": None}


def test_the_response_lists_the_actions_of_the_other_party(brand, influencer, bid):
    acts(influencer, bid, "accept_connection")
    (action,) = brand.sees(bid)["available_actions"]
    assert (action["action"], action["role"], action["state_version"]) == ("send_project_details", "brand_owner", 2)
    (given,) = action["inputs"]
    assert (given["id"], given["type"], given["required"]) == ("details", "textarea", True)
    assert (given["min_length"], given["max_length"]) == (1, 5000)
    answer = acts(brand, bid, action["action"], {given["id"]: "Tea"}, state_version=action["state_version"])
    assert succeeded(answer, "conversation", "message")["conversation"]["flow_state"] == "influencer_reviewing"


def test_a_repeated_click_returns_repeated(influencer, bid, hints):
    first = acts(influencer, bid, "accept_connection", state_version=1).json()
    with nothing_happens(hints):
        again = acts(influencer, bid, "accept_connection", state_version=1)
    body = succeeded(again, "conversation", "message", "repeated")
    assert body["repeated"] is True
    assert (body["conversation"], body["message"]) == (first["conversation"], first["message"])


@pytest.mark.parametrize(
    ("body", "status", "code", "fields"),
    [
        ({"action": "dance"}, 400, "unknown_action", ()),
        ({"action": "send_project_details", "data": {"details": "Tea"}}, 403, "wrong_role", ()),
        ({"action": "accept_price"}, 409, "wrong_state", ()),
        ({"action": "accept_connection", "state_version": 7}, 409, "stale_action", ()),
        ({"action": "reject_connection", "data": {"reason": 5}}, 400, "invalid", ("reason",)),
        ({"action": "reject_connection", "data": [1]}, 400, "invalid", ("data",)),
        ({}, 400, "invalid", ("action",)),
        ({"action": None}, 400, "invalid", ("action",)),
        ({"action": "accept_connection", "state_version": "1"}, 400, "invalid", ("state_version",)),
        ({"action": "accept_connection", "state_version": True}, 400, "invalid", ("state_version",)),
    ],
)
def test_refused_actions(influencer, bid, hints, body, status, code, fields):
    with nothing_happens(hints):
        answer = influencer.api.post(f"/api/conversations/{bid}/actions", body)
    refused(answer, status, code, *fields, extra=STANDS if status == 409 else frozenset())


def test_a_409_carries_the_current_conversation(brand, influencer, bid):
    acts(influencer, bid, "accept_connection")
    body = refused(acts(influencer, bid, "accept_connection"), 409, "wrong_state", extra=STANDS)
    assert body["conversation"] == influencer.sees(bid)
    assert body["available_actions"] == []
    stale = refused(acts(brand, bid, "send_project_details", {}, state_version=1), 409, "stale_action", extra=STANDS)
    assert [action["action"] for action in stale["available_actions"]] == ["send_project_details"]


@pytest.mark.parametrize("conversation", ["nothing", "00000000-0000-0000-0000-000000000001", None])
def test_strangers_get_404(stranger, bid, hints, conversation):
    with nothing_happens(hints):
        refused(acts(stranger, conversation or bid, "accept_connection"), 404, "not_found")


def test_staff_can_view_but_not_act(operator, bid, hints):
    with nothing_happens(hints):
        refused(acts(operator, bid, "accept_connection"), 403, "forbidden")


def test_every_action_is_409_in_a_direct_conversation(brand, influencer, hints):
    chat = brand.opens_chat_with(influencer)
    for action in ("accept", "accept_connection", "close_conversation", "proceed_to_payment"):
        with nothing_happens(hints):
            refused(acts(influencer, chat, action), 409, "wrong_state", extra=STANDS)


def test_both_spellings_and_a_trailing_slash_are_accepted(influencer, bid):
    answer = influencer.api.post(f"/api/conversations/{bid}/actions/", {"action": "accept", "stateVersion": 1})
    assert answer.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_hundred_concurrent_clicks_are_one_step(hints):
    deal = make_deal()
    token = login(deal.influencer)

    def click(_):
        try:
            return Api(token).post(
                f"/api/conversations/{deal.conversation.pk}/actions", {"action": "accept", "state_version": 1}
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(click, range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum("repeated" not in answer.json() for answer in answers) == 1
    assert len({answer.json()["message"]["id"] for answer in answers}) == 1
    assert Transition.objects.filter(conversation=deal.conversation).count() == 2
    assert Message.objects.filter(conversation=deal.conversation).count() == 2


# Buttons


def clicks(who: Person, conversation: str, **body):
    return who.api.post(f"/api/conversations/{conversation}/button-click", body)


def test_a_button_is_clicked_by_its_id(influencer, bid):
    button = influencer.sees(bid)["current_action_data"]["buttons"][0]
    body = succeeded(clicks(influencer, bid, button_id=button["id"], state_version=1), "conversation", "message")
    assert body["conversation"]["flow_state"] == "brand_owner_details"
    assert clicks(influencer, bid, button_id=button["id"], state_version=1).json()["repeated"] is True


def test_a_button_click_carries_the_actions_data(influencer, bid):
    body = clicks(influencer, bid, buttonId="reject_connection", additionalData={"reason": "No time"}).json()
    assert "No time" in body["message"]["message"]


def test_an_unknown_button(influencer, bid, hints):
    with nothing_happens(hints):
        refused(clicks(influencer, bid, button_id="dance"), 400, "unknown_action")
        refused(clicks(influencer, bid), 400, "invalid", "button_id")


# Operators


def test_an_operator_pauses_resumes_and_closes(operator, influencer, bid):
    body = succeeded(
        operator.api.post(f"/api/conversations/{bid}/pause", {"reason": "Under review"}), "conversation", "message"
    )
    assert body["conversation"]["my_role"] == "operator"
    paused = influencer.sees(bid)
    assert (paused["chat_status"], paused["flow_state"]) == ("real_time", "influencer_responding")
    assert (paused["automation_enabled"], paused["due_at"], paused["current_action_data"]) == (False, None, None)
    assert paused["available_actions"] == []
    refused(acts(influencer, bid, "accept"), 409, "wrong_state", extra=STANDS)
    influencer.says(bid, "What is going on?")
    assert operator.api.post(f"/api/conversations/{bid}/resume").status_code == 200
    assert influencer.sees(bid)["current_action_data"]["state_version"] == 3
    refused(
        operator.api.post(f"/api/conversations/{bid}/close", {"state_version": 1}), 409, "stale_action", extra=STANDS
    )
    assert [str(view.conversation_id) for view in ConversationView.objects.all()] == [bid]
    assert operator.api.post(f"/api/conversations/{bid}/close", {"reason": "Spam"}).status_code == 200
    assert influencer.sees(bid)["chat_status"] == "closed"


@pytest.mark.parametrize("what", ["pause", "resume", "close"])
def test_only_operators_can_intervene(brand, stranger, bid, hints, what):
    with nothing_happens(hints):
        refused(brand.api.post(f"/api/conversations/{bid}/{what}"), 403, "forbidden")
        refused(stranger.api.post(f"/api/conversations/{bid}/{what}"), 404, "not_found")


def test_an_invalid_reason(operator, bid, hints):
    with nothing_happens(hints):
        for reason in (5, "x" * 501):
            refused(operator.api.post(f"/api/conversations/{bid}/pause", {"reason": reason}), 400, "invalid", "reason")


# Payments


@pytest.fixture
def due(db) -> tuple[Person, Person, str]:
    return people_of(make_deal("payment_pending"))


def test_paying_in_the_sandbox(due):
    brand, _, conversation = due
    payment = succeeded(acts(brand, conversation, "proceed_to_payment"), "conversation", "payment")["payment"]
    assert payment.keys() == PAYMENT
    assert (payment["amount"], payment["currency"], payment["status"]) == ("1200.00", "INR", "open")
    again = succeeded(acts(brand, conversation, "proceed_to_payment"), "conversation", "payment", "repeated")
    assert again["payment"] == payment
    body = succeeded(brand.api.post(payment["pay"]["url"]), "payment", "conversation")
    assert body["payment"]["status"] == "paid"
    assert body["conversation"]["flow_state"] == "payment_completed"


def test_a_provider_that_does_not_respond(due, monkeypatch):
    brand, _, conversation = due

    def fail(*_):
        raise ProviderFailed("away")

    clicks = (
        lambda: acts(brand, conversation, "proceed_to_payment"),
        lambda: brand.api.post(f"/api/conversations/{conversation}/button-click", {"button_id": "proceed_to_payment"}),
    )
    with monkeypatch.context() as away:
        away.setattr(Sandbox, "open", fail)
        for click in clicks:
            answer = click()
            problem = refused(answer, 503, "payment_unavailable", extra={"retry_after"})
            assert int(answer["Retry-After"]) >= problem["retry_after"] > 0
    assert brand.reads(f"/api/conversations/{conversation}/deal")["deal"]["payment_status"] is None
    first, second = (succeeded(click(), "conversation", "payment", "repeated") for click in clicks)
    assert first["payment"] == second["payment"]
    assert brand.reads(f"/api/conversations/{conversation}/deal")["deal"]["payment_status"] == "open"


def test_a_price_that_the_provider_refuses(due, monkeypatch):
    brand, influencer, conversation = due

    def refuse(*_):
        raise ProviderRefused("too small")

    with monkeypatch.context() as strict:
        strict.setattr(Sandbox, "open", refuse)
        problem = refused(acts(brand, conversation, "proceed_to_payment"), 409, "not_payable", extra=STANDS)
    assert problem["conversation"]["flow_state"] == "payment_pending"
    assert [one["action"] for one in problem["available_actions"]] == ["proceed_to_payment"]
    told = influencer.sees(conversation)["last_message"]
    assert (told["message_type"], "₹1,200.00" in told["message"]) == ("system", True)
    assert brand.sees(conversation)["last_message"]["id"] == told["id"]
    assert acts(brand, conversation, "proceed_to_payment").json()["payment"]["status"] == "open"


def test_only_the_payer_can_pay_in_the_sandbox(due, stranger, hints):
    brand, influencer, conversation = due
    url = acts(brand, conversation, "proceed_to_payment").json()["payment"]["pay"]["url"]
    with nothing_happens(hints):
        refused(influencer.api.post(url), 403, "forbidden")
        refused(stranger.api.post(url), 404, "not_found")
        refused(Api().post(url), 401, "token_missing")
        refused(brand.api.post("/api/payments/sandbox/nothing/pay"), 404, "not_found")
        refused(brand.api.post(url, {"type": "payment.dreamt"}), 400, "invalid", "type")


def webhook(order: PaymentOrder, settings, **other) -> tuple[bytes, dict[str, str]]:
    said = {
        "id": "evt-1",
        "type": "payment.succeeded",
        "order_id": str(order.pk),
        "amount": "1200.00",
        "currency": "INR",
        "created_at": "2026-01-01T12:00:00.000Z",
    }
    body = json.dumps(said | other).encode()
    return body, {SIGNATURE: Sandbox(settings.SANDBOX_PAYMENT_SECRET).signature(body)}


def test_a_webhook_needs_its_signature_and_no_token(due, settings, hints):
    brand, _, conversation = due
    order_id = acts(brand, conversation, "proceed_to_payment").json()["payment"]["order_id"]
    body, headers = webhook(PaymentOrder.objects.get(pk=order_id), settings)
    path = "/api/payments/sandbox/webhook"
    with nothing_happens(hints):
        refused(Api().post(path, body), 403, "forbidden")
        refused(Api().post(path, body + b" ", headers=headers), 403, "forbidden")
        refused(Api().post("/api/payments/none/webhook", body, headers=headers), 404, "not_found")
        refused(Api().post(path, b"x" * (settings.MAX_JSON_BODY + 1)), 413, "payload_too_large")
    succeeded(Api().post(path, body, headers=headers))
    assert brand.sees(conversation)["flow_state"] == "payment_completed"
    with nothing_happens(hints):
        assert succeeded(Api().post(path, body, headers=headers), "repeated")["repeated"] is True


def test_a_byte_order_mark_before_a_webhook_is_skipped_and_signed(due, settings, hints):
    brand, _, conversation = due
    order_id = acts(brand, conversation, "proceed_to_payment").json()["payment"]["order_id"]
    body, headers = webhook(PaymentOrder.objects.get(pk=order_id), settings)
    path, marked = "/api/payments/sandbox/webhook", BOM_UTF8 + body
    signed = {SIGNATURE: Sandbox(settings.SANDBOX_PAYMENT_SECRET).signature(marked)}
    with nothing_happens(hints):
        refused(Api().post(path, marked, headers=headers), 403, "forbidden")
        refused(Api().post(path, body, headers=signed), 403, "forbidden")
    succeeded(Api().post(path, marked, headers=signed))
    assert brand.sees(conversation)["flow_state"] == "payment_completed"


def test_a_webhook_can_have_any_content_type(due, settings):
    brand, _, conversation = due
    order_id = acts(brand, conversation, "proceed_to_payment").json()["payment"]["order_id"]
    body, headers = webhook(PaymentOrder.objects.get(pk=order_id), settings)
    answer = Client().generic(
        "POST", "/api/payments/sandbox/webhook", body, content_type="application/octet-stream", headers=headers
    )
    assert answer.status_code == 200
