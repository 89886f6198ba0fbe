"""Deals in the admin: what an operator sees and does."""

import xml.etree.ElementTree as ET

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversations.flows import all_flows
from conversations.flows.graph import edges
from conversations.models import Transition
from deals.models import PaymentOrder
from deals.payments.sandbox_payments import pay_in_sandbox
from messaging.models import Message
from messaging.uploads.services import store_upload
from operators.diagrams import diagram
from tests.deals import WORK, make_deal, open_deal
from tests.factories import make_staff
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n"


@pytest.fixture
def operator(db):
    return make_staff(name="The operator")


@pytest.fixture
def admin(operator):
    client = Client()
    client.force_login(operator)
    return client


def page_of(deal):
    return reverse("admin:conversations_conversation_change", args=[deal.conversation.pk])


def text_of(admin, deal):
    response = admin.get(page_of(deal))
    assert response.status_code == 200
    return response.content.decode()


def drawing(admin, deal):
    text = text_of(admin, deal)
    start = text.index('<svg class="flow"')
    return ET.fromstring(text[start : text.index("</svg>", start) + 6])


def post(admin, deal, **fields):
    return admin.post(page_of(deal), {"state_version": deal.now.state_version} | fields, follow=True)


# The page


@pytest.mark.parametrize("state", ["influencer_responding", "payment_pending", "real_time", "chat_closed"])
def test_the_current_state_and_the_path_to_it_are_highlighted(admin, state):
    deal = make_deal(state)
    svg = drawing(admin, deal)
    current = [group for group in svg.iter("g") if "current" in group.get("class").split()]
    assert [group.find("text").text for group in current] == [state]
    entered = {group.find("text").text for group in svg.iter("g") if "entered" in group.get("class").split()}
    steps = Transition.objects.filter(conversation=deal.conversation)
    assert entered == {step.to_state["flow_state"] for step in steps}
    taken = [path for path in svg.iter("path") if "taken" in (path.get("class") or "").split()]
    ways = {(step.from_state["flow_state"], step.to_state["flow_state"]) for step in steps[1:]}
    assert len(taken) == len(ways)


@pytest.mark.parametrize("flow", all_flows(), ids=lambda flow: f"{flow.name} {flow.version}")
def test_every_state_and_transition_is_in_the_diagram(flow):
    drawn = diagram(flow, current=flow.initial, taken=())
    assert [box.name for box in drawn.boxes] == [state.name for state in flow.states]
    assert len(drawn.lines) == len({(edge.source, edge.target) for edge in edges(flow)})
    said = {reason for line in drawn.lines for reason in line.reasons.split(", ")}
    assert said == {edge.reason for edge in edges(flow)}
    assert all(box.left >= 0 and box.left + drawn.box_width <= drawn.width for box in drawn.boxes)
    assert all(box.top >= 0 and box.top + drawn.box_height <= drawn.height for box in drawn.boxes)


def test_offers_payment_and_reasons_are_shown(admin):
    deal = make_deal("work_submitted")
    order = PaymentOrder.objects.get(conversation=deal.conversation)
    text = text_of(admin, deal)
    for shown in ("₹1,000.00", "₹1,500.00", "₹1,200.00", "accepted", "sandbox", str(order.pk), "paid"):
        assert shown in text
    closed = open_deal()
    closed.act("reject_connection", {"reason": "<b>No</b> time"})
    assert "&lt;b&gt;No&lt;/b&gt; time" in text_of(admin, closed)


def test_a_canceled_order_and_its_successor_are_shown(admin):
    deal = make_deal("payment_pending")
    first = deal.order()
    pay_in_sandbox(user=deal.brand_owner, order_id=first.pk, kind="payment.canceled")
    second = deal.order()
    text = text_of(admin, deal)
    for shown in (f"<code>{first.pk}", f"<code>{second.pk}", "<dd>canceled</dd>", "<dd>open</dd>"):
        assert shown in text


def test_the_number_of_queries_does_not_depend_on_the_progress_of_the_deal(admin):
    def queries(deal):
        admin.get(page_of(deal))
        with CaptureQueriesContext(connection) as captured:
            admin.get(page_of(deal))
        return len(captured)

    # Only a deal with an order needs this additional query for the events of the order.
    assert queries(make_deal("work_submitted")) <= queries(make_deal("influencer_price_response")) + 1


def test_nothing_inline(admin):
    text = text_of(admin, make_deal("work_submitted"))
    assert " style=" not in text
    assert " onclick=" not in text


# Interventions


def test_an_operator_pauses_resumes_and_closes_with_a_reason(admin, operator, sent_hints):
    deal = make_deal("brand_owner_details")
    for action, reason, shown in (
        ("pause", "Under review", "The automation is paused."),
        ("resume", "All is well", "The automation has resumed."),
        ("close", "Spam", "The conversation is closed."),
    ):
        response = post(admin, deal, intervention=action, reason=reason)
        assert shown in response.content.decode()
        step = Transition.objects.filter(conversation=deal.conversation).last()
        assert (step.actor, step.data) == (operator, {"reason": reason})
        assert reason in Message.objects.filter(conversation=deal.conversation).last().message
    assert deal.now.is_closed
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "Operated: pause. Under review",
        "Operated: resume. All is well",
        "Operated: close. Spam",
    ]


@pytest.mark.parametrize(
    ("before", "offered"),
    [([], {"pause", "close"}), (["pause"], {"resume", "close"}), (["close"], set())],
)
def test_only_what_is_possible_is_offered(admin, before, offered):
    deal = open_deal()
    for action in before:
        post(admin, deal, intervention=action)
    text = text_of(admin, deal)
    assert {name for name in ("pause", "resume", "close") if f'name="intervention" value="{name}"' in text} == offered


def test_an_intervention_from_an_outdated_page_is_refused(admin, sent_hints):
    deal = open_deal()
    deal.act("accept_connection")
    for fields in (
        {"intervention": "close", "state_version": 1},
        {"intervention": "resume"},
        {"intervention": "dance"},
        {},
    ):
        version = deal.now.state_version
        admin.post(page_of(deal), {"state_version": version, "reason": "x"} | fields)
        assert (deal.now.flow_state, deal.now.state_version) == ("brand_owner_details", version)


def test_the_permission_to_view_does_not_permit_interventions(operator, sent_hints):
    deal = open_deal()
    operator.is_superuser = False
    operator.save()
    client = Client()
    client.force_login(operator)
    with nothing_happens(sent_hints):
        assert client.post(page_of(deal), {"intervention": "close", "state_version": 1}).status_code == 403


# Files


@pytest.fixture
def delivered(settings, tmp_path):
    """A deal with delivered work that includes a file, and that file."""
    settings.MEDIA_ROOT = tmp_path
    deal = make_deal("work_in_progress")
    upload = store_upload(owner=deal.influencer, file=SimpleUploadedFile("<cut>.pdf", PDF))
    deal.act("submit_work", WORK | {"attachments": [str(upload.pk)]})
    return deal, upload


def file_of(deal, upload):
    return reverse("admin:conversations_conversation_file", args=[deal.conversation.pk, upload.pk])


def test_files_are_fetched_from_the_transcript_and_that_is_recorded(admin, operator, delivered):
    deal, upload = delivered
    page = text_of(admin, deal)
    assert "&lt;cut&gt;.pdf" in page
    assert f'href="{file_of(deal, upload)}"' in page
    answer = admin.get(file_of(deal, upload))
    assert (answer.status_code, b"".join(answer), answer["Content-Type"]) == (200, PDF, "application/pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="<cut>.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    view = deal.conversation.views.get(through="file")
    assert (view.viewer, view.subject) == (operator, str(upload.pk))


def test_a_file_is_found_in_its_own_conversation_only(admin, operator, delivered):
    deal, upload = delivered
    other = make_deal("influencer_responding")
    unsent = store_upload(owner=operator, file=SimpleUploadedFile("own.pdf", PDF))
    assert admin.get(file_of(other, upload)).status_code == 404
    assert admin.get(file_of(deal, unsent)).status_code == 404
    upload.file.storage.delete(upload.file.name)
    assert admin.get(file_of(deal, upload)).status_code == 404


def test_files_need_the_permission_to_view(delivered):
    deal, upload = delivered
    nobody = make_staff(is_superuser=False)
    looking = make_staff(is_superuser=False)
    looking.user_permissions.set(Permission.objects.filter(codename="view_conversation"))
    for user, status in ((nobody, 403), (looking, 200), (deal.influencer, 302)):
        client = Client()
        client.force_login(user)
        answer = client.get(file_of(deal, upload))
        assert (answer.status_code, b"".join(answer) == PDF) == (status, status == 200)
    assert Client().get(file_of(deal, upload)).status_code == 302
    assert [view.viewer for view in deal.conversation.views.filter(through="file")] == [looking]
