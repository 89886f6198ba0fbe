"""docs/deals.md: its requests are sent and its examples are run, on the demo's deals and on new deals."""

import io
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import Browser

from stoory.demo import ADMIN
from tests.docs.accounts import BRAND, INFLUENCER, signed_in
from tests.docs.blocks import Block
from tests.docs.claims import runs
from tests.docs.scripts import script
from tests.harness.people import Person
from tests.harness.servers import RunningServer

ANSWER_SECONDS = 60
DETAILS = {"details": "Three reels."}
REQUEST_LINE = re.compile(r"(?:(GET|PATCH|POST) +(\S+)|(\w+) \(Socket\.IO\))(?: +(?:\{(.*)\}|[^{].*))?")
UPLOADS = [
    "POST /api/uploads",
    "PATCH /api/uploads/{id}",
    "GET /api/uploads/{id}",
    "GET /api/uploads/{id}/thumbnail",
    "GET /api/uploads/{id}/link",
]
SOCKET = """
import {{ io }} from 'socket.io-client';
const token = '{token}';
const conversationId = '{conversation}';
const socket = io('{url}', {{ auth: {{ token }}, transports: ['websocket', 'polling'] }});
await socket.emitWithAck('join_conversation', {{ conversationId }});
const headers = {{ Authorization: `Bearer ${{token}}` }};
const {{ conversation }} = await (await fetch('{url}/api/conversations/{conversation}', {{ headers }})).json();
"""
ASKED = SOCKET + "console.log(JSON.stringify(await socket.emitWithAck('{command}', {payload})));\nsocket.close();\n"
SHOWN = """
async ({{ attachment, token }}) => {{
  const image = document.body.appendChild(document.createElement('img'));
  {snippet}
  await image.decode();
  return [image.naturalWidth, image.naturalHeight];
}}
"""


@pytest.fixture
def brand(site: RunningServer) -> Person:
    return signed_in(site, BRAND)


@pytest.fixture
def influencer(site: RunningServer) -> Person:
    return signed_in(site, INFLUENCER)


def requests(block: Block) -> list[tuple[str | None, str, dict[str, bool]]]:
    """The requests of a block, one per line: method (None for a command), path or name, and the required members."""
    found = []
    for line in block.text.splitlines():
        request_line = REQUEST_LINE.fullmatch(line)
        assert request_line, line
        members = filter(None, (request_line[4] or "").split(", "))
        found.append(
            (
                request_line[1],
                request_line[2] or request_line[3],
                {one.rstrip("?"): not one.endswith("?") for one in members},
            )
        )
    return found


def send_over_socket(url: str, workplace: Path, person: Person, conversation: str, command: str, payload: dict) -> Any:
    given = {"url": url, "token": person.access, "conversation": conversation}
    with script(workplace, ASKED.format(**given, command=command, payload=json.dumps(payload))) as running:
        return json.loads(running.ends())


@runs("docs/deals.md", "Acting", "", "js")
@pytest.mark.parametrize("with_all", [True, False])
def test_three_endpoints_do_the_same(
    blocks, site: RunningServer, brand: Person, influencer: Person, workplace: Path, with_all: bool
):
    """Each endpoint is tested with all documented members, and without the optional members."""
    conversation = brand.opens_bid_with(influencer, title="Three ways")
    turns = ((influencer, "accept_connection", {}), (brand, "send_project_details", DETAILS))
    turns += ((influencer, "accept_project", {}),)
    for (who, action, data), (method, place, members) in zip(turns, requests(blocks[0]), strict=True):
        version = who.sees(conversation)["state_version"]
        body = dict.fromkeys(("action", "button_id"), action) | dict.fromkeys(("data", "additional_data"), data)
        body |= {"state_version": version, "conversation_id": conversation}
        asked = {name: body[name] for name, is_needed in members.items() if with_all or is_needed or body[name] == data}
        if method:
            answer = who.calls(method, place.replace("{id}", conversation), asked)
        else:
            answer = send_over_socket(site.url, workplace, who, conversation, place, asked)
        assert answer["success"], answer
        assert answer["conversation"]["state_version"] == version + 1
    assert brand.sees(conversation)["flow_state"] == "brand_owner_pricing"
    check_example_offers_a_price(site.url, blocks[1], brand, conversation, workplace)


def check_example_offers_a_price(url: str, block: Block, brand: Person, conversation: str, workplace: Path) -> None:
    """In a later state the action is refused and the example prints the error."""
    given = {"url": url, "token": brand.access, "conversation": conversation}
    text = f"{SOCKET.format(**given)}\n{block.text}\nsocket.close();\n"
    with script(workplace, text) as running:
        assert running.ends() == ""
    assert brand.sees(conversation)["flow_state"] == "influencer_price_response"
    with script(workplace, text) as running:
        assert "wrong_state" in running.ends()
        assert "influencer_price_response" in running.printed


@runs("docs/deals.md", "Paying", "json")
def test_the_order_to_pay(blocks, brand: Person, influencer: Person):
    """Repeated requests return the same order with the members of the example, and change nothing."""
    shown = json.loads(blocks[0].text)["payment"]
    conversation = brand.opens_bid_with(influencer, title="To be paid")
    for who, action, data in (
        (influencer, "accept_connection", {}),
        (brand, "send_project_details", DETAILS),
        (influencer, "accept_project", {}),
        (brand, "send_price_offer", {"price": shown["amount"]}),
        (influencer, "accept_price", {}),
    ):
        who.acts(conversation, action, **data)
    payment = brand.acts(conversation, "proceed_to_payment")["payment"]
    assert payment == brand.acts(conversation, "proceed_to_payment")["payment"]
    filled = json.loads(json.dumps(shown).replace("\\u2026", payment["order_id"]))
    assert payment == filled
    assert brand.sees(conversation)["flow_state"] == "payment_pending"


@runs("docs/deals.md", "Files", "", "js")
async def test_files_are_sent_and_shown(blocks, site: RunningServer, brand: Person, chromium: Browser):
    listed, example = blocks
    assert [f"{method} {path}" for method, path, _ in requests(listed)] == UPLOADS
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(picture, "PNG")
    headers = {"Authorization": f"Bearer {brand.access}"}
    async with httpx.AsyncClient(base_url=site.url, headers=headers, timeout=ANSWER_SECONDS) as client:
        answer = await client.post("/api/uploads", files={"file": ("a.png", picture.getvalue())})
        assert answer.status_code == 201
        attachment = answer.json()["upload"]
        assert (await client.get(f"/api/uploads/{attachment['id']}")).content == picture.getvalue()
        assert (await client.get(f"/api/uploads/{attachment['id']}/thumbnail")).headers["Content-Type"] == "image/webp"
        described = await client.patch(f"/api/uploads/{attachment['id']}", json={"alt": "A teal wall"})
        assert described.json()["upload"] == attachment | {"alt": "A teal wall"}
        link = (await client.get(f"/api/uploads/{attachment['id']}/link")).json()["url"]
    async with httpx.AsyncClient(base_url=site.url, timeout=ANSWER_SECONDS) as anybody:
        assert (await anybody.get(link)).content == picture.getvalue()
    page = await chromium.new_page()
    await page.goto(site.url)
    given = {"attachment": attachment, "token": brand.access}
    width, height = await page.evaluate(SHOWN.format(snippet=example.text), given)
    assert (width / height, width <= 640) == (640 / 480, True)


@runs("docs/deals.md", "Operators", "")
def test_operators_intervene(blocks, site: RunningServer, brand: Person, influencer: Person):
    operator = signed_in(site, ADMIN)
    conversation = brand.opens_bid_with(influencer, title="Watched")
    statuses = []
    for method, path, members in requests(blocks[0]):
        assert not any(members.values()), "all members are optional"
        known = {"reason": "To look into it.", "state_version": brand.sees(conversation)["state_version"]}
        known["money"] = "keep"
        asked = {name: known[name] for name in members}
        operator.calls(method, path.replace("{id}", conversation), asked)
        statuses.append(brand.sees(conversation)["chat_status"])
    assert statuses == ["real_time", "automated", "closed"]
