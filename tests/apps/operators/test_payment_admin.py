"""Payment orders in the admin: the list of undecided payments, refunds, and closing with a decision."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from deals.models import PaymentOrder
from tests.deals import make_deal
from tests.factories import make_staff
from tests.harness.tasks import run_due_tasks
from tests.payments import LOST, OPENED, REFUND_FAILED, REFUNDED, event, send
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db

LIST = "admin:deals_paymentorder_changelist"


def order_of(deal):
    return PaymentOrder.objects.select_related("offer").get(conversation=deal.conversation)


def page_of(order):
    return reverse("admin:deals_paymentorder_change", args=[order.pk])


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def staff(*codenames):
    user = make_staff(is_superuser=False, name="The operator")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def admin(db):
    return client_of(staff("view_paymentorder", "refund_paymentorder", "view_conversation", "change_conversation"))


@pytest.fixture
def undecided(db):
    """A running deal with a failed refund."""
    deal = make_deal("work_in_progress")
    send(event(order_of(deal), REFUNDED, amount="300.00"))
    send(event(order_of(deal), REFUND_FAILED, amount="300.00"))
    return deal


def test_operators_find_undecided_payments(admin, undecided):
    decided = order_of(make_deal("work_in_progress"))
    every = admin.get(reverse(LIST)).content.decode()
    assert str(decided.pk) in every
    found = admin.get(reverse(LIST), {"payment": "undecided"}).content.decode()
    assert str(order_of(undecided).pk) in found
    assert str(decided.pk) not in found


def test_the_list_needs_a_constant_number_of_queries(admin):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin.get(reverse(LIST))
        return len(captured)

    make_deal("work_in_progress")
    queries()
    before = queries()
    send(event(order_of(make_deal("work_submitted")), OPENED))
    assert queries() == before


def test_an_operator_refunds_a_part_and_then_all(admin, undecided):
    order = order_of(undecided)
    page = admin.get(page_of(order)).content.decode()
    for shown in ("₹1,200.00", "refund failed", "refund_failed", "an operator must decide"):
        assert shown in page
    shown = admin.post(page_of(order), {"decision": "refund", "amount": " 200 "}, follow=True).content.decode()
    assert "The refund is requested." in shown
    assert "not answered by the provider yet" in shown
    run_due_tasks()
    assert "accepted by the provider" in admin.get(page_of(order)).content.decode()
    assert order_of(undecided).undecided_since is not None
    admin.post(page_of(order), {"decision": "refund", "amount": ""})
    run_due_tasks()
    assert (order_of(undecided).status, undecided.now.flow_state) == ("refunded", "chat_closed")
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "Refunded ₹200.00.",
        "Refunded the rest.",
    ]


def test_a_refund_that_is_sent_twice_is_made_once(admin, undecided):
    order = order_of(undecided)
    seen = re.search(r'name="seen" value="(\d+)"', admin.get(page_of(order)).content.decode())[1]
    fields = {"decision": "refund", "amount": "200", "seen": seen}
    admin.post(page_of(order), fields)
    again = admin.post(page_of(order), fields, follow=True).content.decode()
    assert "The payment has changed: ₹1,000.00 can be refunded now." in again
    assert [refund.amount for refund in order.refunds.all()] == [20000]


def test_an_operator_keeps_the_payment(admin, undecided):
    order = order_of(undecided)
    shown = admin.post(page_of(order), {"decision": "keep"}, follow=True).content.decode()
    assert "The payment is not refunded." in shown
    assert (order_of(undecided).undecided_since, order_of(undecided).status) == (None, "paid")
    again = admin.post(page_of(order), {"decision": "keep"}, follow=True).content.decode()
    assert "Somebody has decided" in again


@pytest.mark.parametrize("amount", ["0", "-5", "1200.01", "much", "1e3", "1.234", "99999999999999", "1,5"])
def test_a_wrong_amount_is_refused(admin, undecided, sent_hints, amount):
    with nothing_happens(sent_hints):
        shown = admin.post(page_of(order_of(undecided)), {"decision": "refund", "amount": amount}, follow=True)
    bounds = "The amount of a refund must be from ₹0.01 to ₹1,200.00, in steps of ₹0.01."
    assert f'<li class="error">{bounds}</li>' in shown.content.decode()


def test_too_much_is_refused_with_the_amount_that_remains(admin, undecided):
    send(event(order_of(undecided), REFUNDED, id="part", amount="400", refund_id="part"))
    shown = admin.post(page_of(order_of(undecided)), {"decision": "refund", "amount": "800.01"}, follow=True)
    assert "The amount of a refund must be from ₹0.01 to ₹800.00" in shown.content.decode()


@pytest.mark.parametrize(
    ("state", "kinds", "why"),
    [
        ("work_in_progress", [], "Nothing has to be decided about this payment."),
        ("work_in_progress", [REFUNDED], "Nothing of this payment remains."),
        ("work_in_progress", [OPENED, LOST], "Nothing of this payment remains."),
        ("payment_pending", [], "This order is not paid."),
    ],
)
def test_a_payment_that_was_never_undecided_is_not_kept(admin, sent_hints, state, kinds, why):
    deal = make_deal(state)
    order = deal.order() if state == "payment_pending" else order_of(deal)
    for kind in kinds:
        send(event(order, kind))
    with nothing_happens(sent_hints):
        shown = admin.post(page_of(order), {"decision": "keep"}, follow=True).content.decode()
    assert why in shown
    assert not order.decisions.exists()


@pytest.mark.parametrize("fields", [{}, {"decision": ""}, {"decision": "other", "amount": "1"}])
def test_an_unknown_decision_decides_nothing(admin, undecided, sent_hints, fields):
    with nothing_happens(sent_hints):
        shown = admin.post(page_of(order_of(undecided)), fields, follow=True).content.decode()
    assert 'class="error"' in shown
    assert order_of(undecided).undecided_since is not None


def test_the_permission_to_view_does_not_permit_refunds(undecided, sent_hints):
    client = client_of(staff("view_paymentorder"))
    page = client.get(page_of(order_of(undecided))).content.decode()
    assert 'name="decision"' not in page
    with nothing_happens(sent_hints):
        assert client.post(page_of(order_of(undecided)), {"decision": "refund"}).status_code == 403
    assert client_of(staff()).get(page_of(order_of(undecided))).status_code == 403
    assert client_of(undecided.brand_owner).get(page_of(order_of(undecided))).status_code == 302
    assert client.get(reverse("admin:deals_paymentorder_change", args=["nothing"])).status_code == 404


def test_orders_are_not_added_changed_or_deleted(admin, undecided):
    assert admin.get(reverse("admin:deals_paymentorder_add")).status_code == 403
    assert admin.post(reverse("admin:deals_paymentorder_delete", args=[order_of(undecided).pk])).status_code == 403


def transcript_of(deal):
    return reverse("admin:conversations_conversation_change", args=[deal.conversation.pk])


def test_a_paid_conversation_is_closed_with_a_decision(admin):
    deal = make_deal("work_in_progress")
    page = admin.get(transcript_of(deal)).content.decode()
    assert 'name="money" value="refund"' in page
    assert page_of(order_of(deal)) in page
    fields = {"intervention": "close", "state_version": deal.now.state_version}
    shown = admin.post(transcript_of(deal), fields, follow=True).content.decode()
    assert "refund or keep is needed" in shown
    assert not deal.now.is_closed
    admin.post(transcript_of(deal), fields | {"money": "refund"})
    run_due_tasks()
    assert (deal.now.is_closed, order_of(deal).status) == (True, "refunded")


def test_without_a_payment_the_page_asks_for_no_decision(admin):
    assert 'name="money"' not in admin.get(transcript_of(make_deal("payment_pending"))).content.decode()


def test_a_refund_is_offered_only_with_the_permission():
    client = client_of(staff("view_conversation", "change_conversation"))
    page = client.get(transcript_of(make_deal("work_in_progress"))).content.decode()
    assert 'name="money" value="keep"' in page
    assert 'name="money" value="refund"' not in page


def test_nothing_inline(admin, undecided):
    text = admin.get(page_of(order_of(undecided))).content.decode()
    assert " style=" not in text
    assert " onclick=" not in text
