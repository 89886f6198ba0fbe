"""docs/events/: the events are valid, and a server accepts the commands."""

import json
from pathlib import Path
from typing import Any

from realtime import registry
from tests.contract.conformity import fault_of_event
from tests.docs.accounts import registered
from tests.docs.blocks import Block
from tests.docs.claims import runs_all
from tests.docs.scripts import script
from tests.harness.servers import RunningServer

SHOWN_CONVERSATION, SHOWN_USER = "01980000-0000-7000-8000-00000000000c", "01980000-0000-7000-8000-000000000001"
SENDS = """
import {{ io }} from 'socket.io-client';
const socket = io('{url}', {{ auth: {{ token: '{token}' }}, transports: ['websocket', 'polling'] }});
for (const [command, payload] of {commands}) {{
  console.log(JSON.stringify([command, await socket.emitWithAck(command, payload)]));
}}
socket.close();
"""
LEADING_UP = (
    ("influencer", "accept_connection", {}),
    ("brand_owner", "send_project_details", {"details": "Three reels."}),
    ("influencer", "accept_project", {}),
)
FIRST, LAST = ("join_conversation", "join_user_room"), ("leave_user_room", "leave_conversation")


def examples_of(blocks: list[Block]) -> dict[str, Any]:
    return {block.heading.strip("`"): json.loads(block.text) for block in blocks}


def check_events(events: dict[str, Any]) -> None:
    assert events == {name: registry.events[name].example for name in events}
    faults = [fault_of_event(name, example, example.get("seq")) for name, example in events.items()]
    assert faults == [None] * len(events)


@runs_all("docs/events/conversation.md", "json")
def test_the_events_of_conversations_are_valid(blocks: list[Block]):
    check_events(examples_of(blocks))


@runs_all("docs/events/user.md", "json")
def test_the_events_of_users_are_valid(blocks: list[Block]):
    check_events(examples_of(blocks))


@runs_all("docs/events/commands.md", "json")
def test_a_server_accepts_the_commands(blocks: list[Block], site: RunningServer, workplace: Path):
    commands = examples_of(blocks)
    assert commands == {command.name: command.example for command in registry.commands.values()}
    answers = responses_to(site, workplace, commands)
    assert answers.keys() == commands.keys()
    assert {name: answer for name, answer in answers.items() if not answer["success"]} == {}


def responses_to(site: RunningServer, workplace: Path, commands: dict) -> dict:
    """Return a server's responses to the commands, with the ids, token and timestamp of an existing deal."""
    me = registered(site, "brand_owner")
    other = registered(site, "influencer")
    deal = me.opens_bid_with(other, title="Events")
    for who, action, data in LEADING_UP:
        (me if who == "brand_owner" else other).acts(deal, action, **data)
    text = json.dumps(commands).replace(SHOWN_CONVERSATION, deal).replace(SHOWN_USER, me.id)
    given = json.loads(text)
    given["authenticate"]["token"] = me.access
    order = sorted(given, key=lambda name: (name in LAST, name not in FIRST))
    listed = json.dumps([[name, given[name]] for name in order])
    with script(workplace, SENDS.format(url=site.url, token=me.access, commands=listed)) as running:
        return dict(json.loads(line) for line in running.ends().splitlines())
