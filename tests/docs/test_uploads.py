"""docs/files.md: an upload in parts with tus-js-client, and the link of a file."""

import json
from pathlib import Path

import httpx

from tests.docs.accounts import registered
from tests.docs.blocks import Block
from tests.docs.claims import runs
from tests.docs.scripts import script
from tests.harness.servers import RunningServer

DOCUMENT = "docs/files.md"
GIVEN = """
const file = Object.assign(Buffer.from('%PDF-1.7\\n'), {{ name: 'offer.pdf' }});
const token = '{token}';
const send = (body) => console.log(JSON.stringify(body));
"""


@runs(DOCUMENT, "Resumable uploads", "js")
def test_a_file_is_sent_in_parts(blocks: list[Block], site: RunningServer, workplace: Path):
    sender = registered(site, "brand_owner")
    conversation = sender.opens_chat_with(registered(site, "influencer"))
    example = blocks[0].text.replace("https://chat.example.com", site.url)
    with script(workplace, f"{GIVEN.format(token=sender.access)}{example}upload.start();\n") as running:
        body = json.loads(running.ends())
    sent = sender.says(conversation, "Our offer", **body)
    assert [one["name"] for one in sent["attachments"]] == ["offer.pdf"]


@runs(DOCUMENT, "Links", "json")
def test_a_link_has_these_members(blocks: list[Block], site: RunningServer):
    sender = registered(site, "brand_owner")
    headers = {"Authorization": f"Bearer {sender.access}"}
    file = {"file": ("offer.pdf", b"%PDF-1.7\n")}
    uploaded = httpx.post(f"{site.url}/api/uploads", files=file, headers=headers, timeout=60).json()["upload"]
    link = sender.reads(f"/api/uploads/{uploaded['id']}/link")
    shown = json.loads(blocks[0].text)
    assert shown.keys() == link.keys()
    assert link["url"].startswith(shown["url"].split("…")[0])
