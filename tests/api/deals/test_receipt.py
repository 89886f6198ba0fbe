"""The REST endpoint of a receipt: who can read it, when it exists, and what it says, as a PDF and as JSON."""

import io
import threading
import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from pypdf import PdfReader

from conversations.models import ConversationView, Participant
from deals.models import PaymentEvent, PaymentEventKind, PaymentOrder, PaymentStatus
from deals.receipts import services
from foundation import clock
from foundation.clock import rfc3339
from foundation.rate_limits import Bucket
from tests.api.shapes import refused, succeeded
from tests.deals import Deal, make_deal
from tests.harness.people import Person
from tests.payments import FAILED, LOST, OPENED, REFUND_FAILED, REFUNDED, SUCCEEDED, WON, close, event, send
from tests.people import person

PDF, JSON = "application/pdf", "application/json"


def reports(order: PaymentOrder, kind: str, amount: str | None = None, **other: Any) -> None:
    """Report an event of the order, as the sandbox does."""
    given = {"id": f"evt-{uuid.uuid4()}", "created_at": rfc3339(clock.now())} | other
    send(event(order, kind, **({"amount": amount} if amount else {}), **given))


def receipt(who: Person, deal: Deal, accept: str | None = PDF) -> HttpResponse:
    headers = {"Accept": accept} if accept else {}
    return who.api.get(f"/api/conversations/{deal.conversation.pk}/receipt", headers=headers)


def data(who: Person, deal: Deal) -> dict[str, Any]:
    found: dict[str, Any] = succeeded(receipt(who, deal, JSON), "receipt")["receipt"]
    return found


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200, answer.content
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


@pytest.fixture
def paid(db: None) -> Deal:
    return make_deal("work_in_progress", title="Snack box")


@pytest.fixture
def order(paid: Deal) -> PaymentOrder:
    return PaymentOrder.objects.get(conversation=paid.conversation)


def test_both_sides_download_the_receipt_of_what_was_paid(paid, order):
    for user in (paid.brand_owner, paid.influencer):
        answer = receipt(person(user), paid)
        assert answer["Content-Type"] == PDF
        assert answer["Content-Disposition"] == f'attachment; filename="receipt-{paid.conversation.pk}.pdf"'
        assert answer["Cache-Control"] == "private, no-store"
        assert "Accept" in answer["Vary"]
        found = text(answer)
        for shown in ("not an invoice", "Snack box", paid.brand_owner.name, paid.influencer.name, str(order.pk)):
            assert shown in found
        assert found.count("₹1,200.00") == 3


def test_the_receipt_as_json(paid, order):
    found = data(person(paid.influencer), paid)
    (one,) = found.pop("orders")
    assert one["paid_at"].endswith("Z")
    assert found.pop("issued_at") >= one.pop("paid_at")
    assert one == {
        "order_id": str(order.pk),
        "provider": "sandbox",
        "reference": order.reference,
        "amount": "1200.00",
        "refunds": [],
    }
    names = {"brand_owner": paid.brand_owner, "influencer": paid.influencer}
    assert found == {
        "conversation_id": str(paid.conversation.pk),
        "title": "Snack box",
        "currency": "INR",
        "paid_amount": "1200.00",
        "refunded_amount": "0.00",
        "disputed_amount": "0.00",
        "remaining_amount": "1200.00",
    } | {role: {"id": str(user.pk), "name": user.name, "role": role} for role, user in names.items()}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, PDF),
        ("*/*", PDF),
        (PDF, PDF),
        ("application/pdf, application/json", PDF),
        ("text/html", PDF),
        ("nonsense", PDF),
        (JSON, JSON),
        ("application/json, text/plain, */*", JSON),
        ("application/json;q=0.9, application/pdf;q=0.1", JSON),
    ],
)
def test_the_accepted_type_decides_between_pdf_and_json(paid, accept, content_type):
    assert receipt(person(paid.brand_owner), paid, accept)["Content-Type"].split(";")[0] == content_type


def amounts(found: dict[str, Any]) -> list[str]:
    return [found[f"{name}_amount"] for name in ("paid", "refunded", "disputed", "remaining")]


def refunds(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["cause"], one["amount"]) for order in found["orders"] for one in order["refunds"]]


@pytest.mark.parametrize(
    ("events", "listed", "sums"),
    [
        ([(REFUNDED, None)], ["1200.00"], ["1200.00", "1200.00", "0.00", "0.00"]),
        ([(REFUNDED, "300.00")], ["300.00"], ["1200.00", "300.00", "0.00", "900.00"]),
        ([(REFUNDED, "300.00"), (REFUNDED, "900.00")], ["300.00", "900.00"], ["1200.00", "1200.00", "0.00", "0.00"]),
        ([(REFUNDED, "300.00"), (REFUND_FAILED, "300.00")], [], ["1200.00", "0.00", "0.00", "1200.00"]),
        (
            [(REFUNDED, "300.00"), (REFUNDED, "200.50"), (REFUND_FAILED, "200.50")],
            ["300.00"],
            ["1200.00", "300.00", "0.00", "900.00"],
        ),
        (
            [(REFUNDED, "300.00"), (REFUNDED, "200.00"), (REFUND_FAILED, "300.00")],
            ["200.00"],
            ["1200.00", "200.00", "0.00", "1000.00"],
        ),
    ],
)
def test_refunds_are_on_the_receipt(paid, order, events, listed, sums):
    for kind, amount in events:
        reports(order, kind, amount)
    who = person(paid.influencer)
    found = data(who, paid)
    assert refunds(found) == [("refund", amount) for amount in listed]
    assert amounts(found) == sums
    assert all(one["refunded_at"] >= found["orders"][0]["paid_at"] for one in found["orders"][0]["refunds"])
    shown = text(receipt(who, paid))
    assert all(f"₹{float(amount):,.2f}" in shown for amount in listed + sums[:2] + sums[3:])


@pytest.mark.parametrize(
    ("events", "lost"), [([OPENED], None), ([OPENED, WON], None), ([OPENED, LOST], "900.00"), ([LOST], "900.00")]
)
def test_a_lost_dispute_is_on_the_receipt(paid, order, events, lost):
    reports(order, REFUNDED, "300.00")
    for kind in events:
        reports(order, kind, "900.00")
    who = person(paid.brand_owner)
    found = data(who, paid)
    assert refunds(found) == [("refund", "300.00"), *([("dispute", lost)] if lost else [])]
    assert amounts(found) == ["1200.00", "300.00", lost or "0.00", "0.00" if lost else "900.00"]
    assert ("Taken back by disputes" in text(receipt(who, paid))) is bool(lost)


@pytest.mark.parametrize("kind", [SUCCEEDED, REFUNDED, FAILED])
def test_a_repeated_or_late_event_changes_nothing(paid, order, kind):
    reports(order, kind, id="evt-again", created_at="2026-01-01T12:00:00.000Z")
    who = person(paid.brand_owner)
    before = data(who, paid)["orders"]
    reports(order, kind, id="evt-again", created_at="2026-01-01T12:00:00.000Z")
    after = data(who, paid)["orders"]
    assert after == before
    assert len(after) == 1


def test_a_refund_before_its_payment_is_on_the_receipt_afterwards(db):
    deal = make_deal("payment_pending")
    order = deal.order()
    reports(order, REFUNDED, "300.00")
    who = person(deal.brand_owner)
    refused(receipt(who, deal), 404, "not_found")
    reports(order, SUCCEEDED)
    assert amounts(data(who, deal)) == ["1200.00", "300.00", "0.00", "900.00"]


def test_several_orders_are_listed_by_the_time_of_payment(paid, order):
    other = PaymentOrder.objects.create(
        conversation=paid.conversation,
        offer=order.offer,
        payer=paid.brand_owner,
        provider="sandbox",
        reference="second",
        status=PaymentStatus.REFUNDED,
        action="proceed_to_payment",
        state_version=1,
    )
    for kind in (PaymentEventKind.PAID, PaymentEventKind.REFUNDED):
        PaymentEvent.objects.create(order=other, provider="sandbox", event_id=f"{kind}-2", kind=kind)
    who = person(paid.brand_owner)
    found = data(who, paid)
    assert [one["order_id"] for one in found["orders"]] == [str(order.pk), str(other.pk)]
    assert amounts(found) == ["2400.00", "1200.00", "0.00", "1200.00"]
    assert all(str(one.pk) in text(receipt(who, paid)) for one in (order, other))


def test_a_closed_deal_keeps_its_receipt(paid):
    close(paid, money="keep")
    assert paid.now.chat_status == "closed"
    assert "₹1,200.00" in text(receipt(person(paid.influencer), paid))


@pytest.mark.parametrize("state", ["influencer_responding", "payment_pending"])
def test_before_a_payment_there_is_no_receipt(db, state):
    deal = make_deal(state)
    if state == "payment_pending":
        reports(deal.order(), FAILED)
    for user in (deal.brand_owner, deal.influencer):
        for accept in (PDF, JSON):
            answer = receipt(person(user), deal, accept)
            refused(answer, 404, "not_found")
            assert answer.json()["message"] == "Nothing has been paid in this conversation, so there is no receipt."


def test_a_direct_conversation_has_no_receipt(brand, influencer):
    refused(brand.api.get(f"/api/conversations/{brand.opens_chat_with(influencer)}/receipt"), 404, "not_found")


def test_the_receipts_of_others_are_not_found(paid, stranger):
    unknown = stranger.api.get(f"/api/conversations/{uuid.uuid4()}/receipt")
    for accept in (PDF, JSON):
        answer = receipt(stranger, paid, accept)
        refused(answer, 404, "not_found")
        assert answer.json() == unknown.json()
    assert ConversationView.objects.count() == 0


def test_a_removed_participant_does_not_find_the_receipt(paid):
    who = person(paid.influencer)
    Participant.objects.filter(user=paid.influencer).update(removed_at="2026-01-01T00:00:00Z")
    refused(receipt(who, paid), 404, "not_found")
    assert paid.influencer.name in text(receipt(person(paid.brand_owner), paid))


def test_staff_read_receipts_and_their_views_are_recorded(paid, operator):
    assert "₹1,200.00" in text(receipt(operator, paid))
    (view,) = ConversationView.objects.all()
    assert (view.conversation, view.viewer_id, view.through) == (paid.conversation, operator.pk, "rest")
    assert data(person(paid.influencer), paid)["paid_amount"] == "1200.00"
    assert ConversationView.objects.count() == 1


@pytest.mark.parametrize("bad", ["1", "x", "00000000-0000-0000-0000-00000000000g", "%00"])
def test_a_malformed_id_is_not_found(brand, bad):
    refused(brand.api.get(f"/api/conversations/{bad}/receipt"), 404, "not_found")


def test_receipts_have_a_rate_limit(paid, monkeypatch, settings):
    settings.RATE_LIMITS = True
    monkeypatch.setattr("deals.receipts.api.RECEIPTS", Bucket("receipts-test", 2, 0.001))
    who = person(paid.brand_owner)
    assert [receipt(who, paid, JSON).status_code for _ in range(2)] == [200, 200]
    answer = receipt(who, paid)
    refused(answer, 429, "rate_limited", extra={"retry_after"})
    assert int(answer["Retry-After"]) > 0
    assert receipt(person(paid.influencer), paid, JSON).status_code == 200


def test_too_many_pdfs_at_once_are_refused(paid, monkeypatch):
    who = person(paid.brand_owner)
    monkeypatch.setattr(services, "PATIENCE", 0.01)
    monkeypatch.setattr(services, "_documents", threading.BoundedSemaphore(1))
    with services._documents:
        answer = receipt(who, paid)
        refused(answer, 503, "server_error", extra={"retry_after"})
        assert int(answer["Retry-After"]) >= 1
        assert receipt(who, paid, JSON).status_code == 200
    assert receipt(who, paid).status_code == 200


def test_a_failed_pdf_frees_its_place(paid, monkeypatch):
    monkeypatch.setattr(services, "_documents", threading.BoundedSemaphore(1))
    monkeypatch.setattr(services, "receipt_document", lambda _: 1 / 0)
    who = person(paid.brand_owner)
    refused(receipt(who, paid), 500, "server_error")
    monkeypatch.undo()
    assert receipt(who, paid).status_code == 200
