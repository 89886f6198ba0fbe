"""Each event is declared once, has a valid example, and is sent as declared."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from foundation import clock
from foundation.ids import random_id
from foundation.json import from_json, to_json
from foundation.schemas import CachedSchema, Schema
from messaging import socket_commands
from realtime import connections, presence_announcements, processes, registry
from realtime.recovery import SessionRecord
from realtime.token_expiry import TokenExpiry
from tests.contract.conformity import fault_of, fault_of_event
from tests.harness.people import Person

EVENTS = sorted(registry.events.values(), key=lambda event: event.name)
COMMANDS = sorted({command.name: command for command in registry.commands.values()}.values(), key=lambda one: one.name)
GUIDE = {"new_message", "notification", "user_typing", "conversation_state_changed", "conversation_updated"}
LOGGED = GUIDE - {"user_typing"} | {"message_updated", "message_deleted", "messages_read"}


def test_the_list_of_events():
    ephemeral = {"user_typing", "conversation_list_updated", "presence", "token_expiring"}
    assert {event.name for event in EVENTS if event.logged} == LOGGED
    assert {event.name for event in EVENTS if not event.logged} == ephemeral


def test_the_list_of_commands():
    assert set(registry.commands) == {
        "join_conversation",
        "leave_conversation",
        "join_user_room",
        "join",
        "leave_user_room",
        "send_message",
        "conversation_action",
        "typing_start",
        "typing_stop",
        "mark_read",
        "mark_seen",
        "authenticate",
    }


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_the_example_of_an_event_is_valid(event):
    assert fault_of_event(event.name, event.example, event.example.get("seq")) is None


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_example_of_a_command_is_valid(command):
    given = command.request.parse(command.example)
    folded = given.model_dump(exclude_unset=True)
    assert len(folded) == len(command.example), "every key is part of the schema"
    if command.bare:
        assert command.bare in command.request.model_fields


def test_schemas_are_checked_strictly():
    class Sample(Schema):
        name: str
        count: int

    assert fault_of(Sample, {"name": "a", "count": 1}) is None
    for other in (
        {"name": "a"},
        {"name": "a", "count": "1"},
        {"name": "a", "count": 1, "more": 2},
        {"name": 1, "count": 1},
    ):
        assert fault_of(Sample, other)


def _shapes_of(shape: type[Schema], found: set[type[Schema]]) -> set[type[Schema]]:
    found.add(shape)
    for annotation in (repr(field.annotation) for field in shape.model_fields.values()):
        for other in (*Schema.__subclasses__(), *CachedSchema.__subclasses__()):
            if other.__name__ in annotation and other not in found:
                _shapes_of(other, found)
    return found


def test_events_contain_no_addresses_or_secrets():
    shapes = set().union(*(_shapes_of(event.payload, set()) for event in EVENTS))
    fields = {name for shape in shapes for name in shape.model_fields}
    assert {"message", "sender_id", "seq"} <= fields
    assert not fields & {"email", "password", "token", "access", "refresh", "fingerprint", "is_staff", "pid"}


# --- The operation that sends each event ---


def opens(brand: Person, influencer: Person) -> None:
    brand.opens_bid_with(influencer)


def edits(brand: Person, influencer: Person) -> None:
    brand.api.patch(f"/api/messages/{brand.says(brand.opens_chat_with(influencer))['id']}", {"message": "Changed"})


def deletes(brand: Person, influencer: Person) -> None:
    brand.api.delete(f"/api/messages/{brand.says(brand.opens_chat_with(influencer))['id']}")


def reads(brand: Person, influencer: Person) -> None:
    message = brand.says(brand.opens_chat_with(influencer))
    influencer.api.post(f"/api/conversations/{message['conversation_id']}/read", {"up_to": message["id"]})


def types(brand: Person, influencer: Person) -> None:
    socket_commands._publish_typing(uuid.UUID(brand.opens_chat_with(influencer)), brand.pk, is_typing=True)


def comes_online(brand: Person, influencer: Person) -> None:
    brand.opens_chat_with(influencer)
    process_id = uuid.uuid4()
    processes.beat(process_id)
    arrived, _ = connections.store(process_id, [SessionRecord(random_id(), brand.pk, process_id, 0)], {})
    presence_announcements.announce_online(arrived)


CASES: dict[str, Callable[[Person, Person], None]] = {
    "conversation_state_changed": opens,
    "conversation_updated": opens,
    "conversation_list_updated": opens,
    "new_message": opens,
    "notification": opens,
    "message_updated": edits,
    "message_deleted": deletes,
    "messages_read": reads,
    "user_typing": types,
    "presence": comes_online,
}


def test_every_event_has_a_case():
    assert set(CASES) | {"token_expiring"} == set(registry.events)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", CASES)
def test_an_event_is_sent_to_the_rooms_that_it_declares(brand, influencer, sent_events, name):
    CASES[name](brand, influencer)
    found = [(room, payload) for room, event, payload in sent_events if event == name]
    assert found
    pattern = registry.events[name].room.partition("<")[0]
    assert all(room.startswith(pattern) for room, _ in found)


@pytest.mark.parametrize("is_connected", [True, False])
async def test_an_expiring_token_is_reported_to_its_open_socket(settings, is_connected):
    settings.SOCKET_TOKEN_POLICY = "strict"
    told: list[tuple[str, Any, str]] = []
    tasks: list[Any] = []

    class Server:
        manager = SimpleNamespace(is_connected=lambda sid, namespace: is_connected and (sid, namespace) == ("one", "/"))

        async def emit(self, event: str, payload: Any, to: str) -> None:
            told.append((event, from_json(to_json(payload)), to))

        def start_background_task(self, work: Callable[..., Any], *args: Any) -> None:
            tasks.append(asyncio.ensure_future(work(*args)))

    connection = SimpleNamespace(
        expires_at=clock.now() + timedelta(seconds=30), timers={}, socket=SimpleNamespace(sid="one")
    )
    TokenExpiry(Server()).watch(connection)
    for _ in range(200):
        if tasks:
            break
        await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)
    for timer in connection.timers.values():
        timer.cancel()
    assert [(event, to) for event, _, to in told] == ([("token_expiring", "one")] if is_connected else [])
    assert len(tasks) == 1
    for event, payload, _ in told:
        assert fault_of_event(event, payload, None) is None


@pytest.mark.django_db(transaction=True)
def test_the_order_after_one_transition(brand, influencer, sent_events):
    bid = brand.opens_bid_with(influencer)
    del sent_events[:]
    answer = influencer.api.post(f"/api/conversations/{bid}/actions", {"action": "accept_connection"})
    assert answer.status_code == 200
    room = f"conversation_{bid}"
    assert [name for where, name, _ in sent_events if where == room] == [
        "conversation_state_changed",
        "conversation_updated",
        "new_message",
    ]
    assert [where for where, name, _ in sent_events if name == "notification"] == [f"user_{brand.id}"]


@pytest.mark.django_db(transaction=True)
def test_list_updates_are_sent_to_users_whose_list_changed(brand, influencer, sent_events):
    def told() -> list[tuple[str, str, int, int]]:
        found = [
            (room.removeprefix("user_"), one["reason"], one["unread_count"], one["total_unread"])
            for room, name, one in sent_events
            if name == "conversation_list_updated"
        ]
        del sent_events[:]
        return sorted(found)

    chat = brand.opens_chat_with(influencer)
    both = {brand.id, influencer.id}
    assert {(who, reason) for who, reason, *_ in told()} == {(one, "opened") for one in both}
    message = brand.says(chat)
    assert told() == sorted([(brand.id, "message", 0, 0), (influencer.id, "message", 1, 1)])
    brand.api.patch(f"/api/messages/{message['id']}", {"message": "Changed"})
    assert told() == sorted([(brand.id, "updated", 0, 0), (influencer.id, "updated", 1, 1)])
    influencer.api.post(f"/api/conversations/{chat}/read", {"up_to": message["id"]})
    assert told() == [(influencer.id, "read", 0, 0)]
    brand.api.delete(f"/api/messages/{message['id']}")
    assert told() == sorted([(brand.id, "deleted", 0, 0), (influencer.id, "deleted", 0, 0)])
    bid = brand.opens_bid_with(influencer)
    told()
    influencer.api.post(f"/api/conversations/{bid}/actions", {"action": "accept_connection"})
    assert {reason for _, reason, *_ in told()} == {"state", "message"}


def test_a_new_conversation_is_announced_before_its_messages(brand, influencer, sent_events):
    brand.opens_bid_with(influencer, message="Three reels")
    for one in (brand, influencer):
        told = [
            event["reason"]
            for room, name, event in sent_events
            if name == "conversation_list_updated" and room == f"user_{one.id}"
        ]
        assert told == ["opened", "message"]
