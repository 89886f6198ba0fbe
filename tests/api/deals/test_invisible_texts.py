"""One rule for every text that people write: it needs a character that is displayed."""

import pytest

from tests.api.shapes import refused
from tests.deals import make_deal
from tests.people import person

INVISIBLE = ["\u2800", "\u3164", "\u115f \u1160", "\u034f\ufe0f", "\U000e0041", "\uf8ff", "\uffff", "\U0001d159"]
VISIBLE = ["\u2800x", "ツ\u3164", "\U0001f44d\ufe0f", "।"]


def named(value: str) -> str:
    return f"{ord(value[0]):04X}"


def acts(deal, action: str, data: dict):
    return person(deal.awaited).api.post(
        f"/api/conversations/{deal.conversation.pk}/actions", {"action": action, "data": data}
    )


INPUTS = [
    ("brand_owner_details", "send_project_details", "details", {}),
    ("work_submitted", "request_revision", "feedback", {}),
    ("work_in_progress", "submit_work", "deliverables", {"description": "As agreed"}),
    ("work_in_progress", "submit_work", "description", {"deliverables": "Three reels"}),
]


@pytest.mark.parametrize(("state", "action", "field", "more"), INPUTS, ids=[one[2] for one in INPUTS])
def test_texts_of_actions(db, state, action, field, more):
    deal = make_deal(state)
    for text in INVISIBLE:
        refused(acts(deal, action, more | {field: text}), 400, "invalid", field)
    assert deal.now.flow_state == state
    assert acts(deal, action, more | {field: VISIBLE[0]}).status_code == 200


@pytest.mark.parametrize("text", INVISIBLE, ids=named)
def test_titles_and_reasons(brand, influencer, operator, text):
    opening = {"conversation_type": "bid", "influencer_id": influencer.id}
    refused(brand.api.post("/api/conversations", opening | {"title": text}), 400, "invalid", "title")
    bid = brand.opens_bid_with(influencer)
    refused(operator.api.post(f"/api/conversations/{bid}/pause", {"reason": text}), 400, "invalid", "reason")


@pytest.mark.parametrize("text", INVISIBLE, ids=named)
def test_names(client, db, text):
    body = {"email": "new@example.com", "password": "correct horse battery", "name": text, "role": "influencer"}
    answer = client.post("/api/auth/register", body, content_type="application/json")
    refused(answer, 400, "invalid", "name")


@pytest.mark.parametrize("text", VISIBLE, ids=named)
def test_one_displayed_character_is_enough(brand, influencer, operator, text):
    chat = brand.opens_chat_with(influencer)
    assert brand.says(chat, text)["message"] == text
    bid = brand.opens_bid_with(influencer)
    assert operator.api.post(f"/api/conversations/{bid}/pause", {"reason": text}).status_code == 200
