"""The data of an action is accepted, or rejected with an error for each field."""

import pytest

from conversations.flows import Role, decide
from conversations.flows.errors import StaleAction
from foundation.errors import Invalid

BRAND_OWNER, INFLUENCER = Role.BRAND_OWNER, Role.INFLUENCER
UPLOAD = "01890000-0000-7000-8000-00000000000{}"
ZERO_WIDTH = "\u200b\u2060"


def details(deal, facts, value):
    return decide(deal, "brand_owner_details", facts, BRAND_OWNER, "send_project_details", {"details": value})


def errors(deal, state, facts, role, action, data) -> dict:
    with pytest.raises(Invalid) as refused:
        decide(deal, state, facts, role, action, data)
    return refused.value.errors


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x", "x"),
        (" \u3000\n x y\ufeff\u3000\ufeff\n", "x y"),
        ("é" * 5_000 + " ", "é" * 5_000),
        ("\U0001f469\u200d\U0001f467", "\U0001f469\u200d\U0001f467"),
        ("<b>%(price)s</b> {0} 100%", "<b>%(price)s</b> {0} 100%"),
    ],
)
def test_texts_are_trimmed_and_otherwise_unchanged(deal, facts, text, kept):
    decision = details(deal, facts, text)
    assert decision.data == {"details": kept}
    assert decision.message.text == f"Acme sent the project details.\n\n{kept}"


@pytest.mark.parametrize(
    "value",
    ["", "   ", "\ufeff", ZERO_WIDTH, "a\x00b", "x" * 5_001, "\ud800", None, 7, True, ["a"], {"a": "b"}, 1.5],
)
def test_invalid_texts(deal, facts, value):
    with pytest.raises(Invalid) as refused:
        details(deal, facts, value)
    assert list(refused.value.errors) == ["details"]


@pytest.mark.parametrize("data", ["details", 7, [], [["details", "x"]], True])
def test_data_that_is_not_an_object(deal, facts, data):
    found = errors(deal, "brand_owner_details", facts, BRAND_OWNER, "send_project_details", data)
    assert list(found) == ["data"]


def test_missing_fields_are_named(deal, facts):
    for data in (None, {}, {"details": "x"}):
        found = errors(deal, "work_in_progress", facts, INFLUENCER, "submit_work", data)
        assert found == {"deliverables": ["This is needed."], "description": ["This is needed."]}


def test_unknown_keys_are_ignored(deal, facts):
    sent = {"details": "films", "price": -1, "sender_id": "somebody", "action_data": {}}
    decision = decide(deal, "brand_owner_details", facts, BRAND_OWNER, "send_project_details", sent)
    assert decision.data == {"details": "films"}
    decision = decide(deal, "influencer_responding", facts, INFLUENCER, "accept_connection", {"reason": 7})
    assert decision.data == {}


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_reason_is_optional(deal, facts, reason):
    decision = decide(deal, "influencer_responding", facts, INFLUENCER, "reject_connection", {"reason": reason})
    assert decision.data == {}
    assert "Reason" not in decision.message.text


def test_a_reason_is_sent_to_the_other_party(deal, facts):
    sent = {"reason": " " + "é" * 500}
    decision = decide(deal, "influencer_responding", facts, INFLUENCER, "reject_connection", sent)
    assert f"Reason: {'é' * 500}" in decision.message.text
    for reason in ("x" * 501, ZERO_WIDTH, 7):
        found = errors(deal, "influencer_responding", facts, INFLUENCER, "reject_connection", {"reason": reason})
        assert list(found) == ["reason"]


def test_work_with_all_fields(deal, facts):
    uploads = [UPLOAD.format(number) for number in range(10)]
    sent = {"deliverables": " links ", "description": "d", "notes": "n", "attachments": uploads}
    decision = decide(deal, "work_in_progress", facts, INFLUENCER, "submit_work", sent)
    delivery = decision.delivery
    assert (delivery.number, delivery.deliverables, delivery.description) == (1, "links", "d")
    assert (delivery.notes, delivery.attachments) == ("n", tuple(uploads))
    assert "Notes: n" in decision.message.text
    assert uploads[0] not in decision.message.text


@pytest.mark.parametrize(
    "attachments",
    [
        "one",
        {"id": UPLOAD.format(1)},
        [7],
        ["x"],
        [None],
        [[]],
        [UPLOAD.format(1), UPLOAD.format(1)],
        [UPLOAD.format(number) for number in "0123456789a"],
    ],
)
def test_invalid_attachments(deal, facts, attachments):
    sent = {"deliverables": "links", "description": "d", "attachments": attachments}
    assert list(errors(deal, "work_in_progress", facts, INFLUENCER, "submit_work", sent)) == ["attachments"]


def test_an_echoed_price_must_equal_the_current_offer(deal, facts, offer):
    for price in (None, "1500", 1500, "1500.00", 1500.0):
        decision = decide(deal, "influencer_price_response", facts, INFLUENCER, "accept_price", {"price": price})
        assert decision.accepted == offer
    with pytest.raises(StaleAction):
        decide(deal, "influencer_price_response", facts, INFLUENCER, "accept_price", {"price": "1500.01"})
    for price in ("", "15OO", -1500, True):
        found = errors(deal, "influencer_price_response", facts, INFLUENCER, "accept_price", {"price": price})
        assert list(found) == ["price"]


def test_a_counter_offer_differs_from_the_newest_offer(deal, facts):
    for price in ("1500", 1500.0):
        sent = {"price": price}
        found = errors(deal, "influencer_price_input", facts, INFLUENCER, "send_counter_offer", sent)
        assert list(found) == ["price"]
    decision = decide(deal, "influencer_price_input", facts, INFLUENCER, "send_counter_offer", {"price": "1499.99"})
    assert (decision.offer.amount, decision.offer.answers, decision.offer.round) == (149_999, "second", 2)


def test_a_final_offer_can_have_any_price(deal, facts):
    for price in ("1500", "1", "99999999.99"):
        sent = {"price": price}
        assert decide(deal, "brand_owner_price_response", facts, BRAND_OWNER, "make_final_offer", sent).offer
