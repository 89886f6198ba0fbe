"""`manage.py serve` with the command `relay`, which sends a text to a room without storing it, as the peers do in the
case `room`. Run it as `python -m benchmarks.relay PORT`.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoory.settings")
django.setup()

from accounts.responses import EmptyResponse  # noqa: E402
from conversations.models import room_of  # noqa: E402
from foundation.schemas import Schema  # noqa: E402
from messaging.requests import SendMessageRequest  # noqa: E402
from realtime import Caller, Command, Event, publish_ephemeral, registry  # noqa: E402
from stoory.uvicorn_server import serve  # noqa: E402


class RelayedPayload(Schema):
    conversation_id: str | None
    message: str


RELAYED = Event(
    name="new_message",
    payload=RelayedPayload,
    room="conversation_<id>",
    when="A text was relayed.",
    logged=False,
    example={"conversation_id": "01980000-0000-7000-8000-00000000000c", "message": "Hello!"},
)
"""Replaces the logged event of the same name, because the load generator waits for that name."""


async def relay(caller: Caller, message: SendMessageRequest) -> EmptyResponse:
    payload = RelayedPayload(conversation_id=message.conversation_id, message=message.message)
    publish_ephemeral(room_of(message.conversation_id), RELAYED, payload)
    return EmptyResponse()


registry.command(
    Command(
        name="relay",
        request=SendMessageRequest,
        response=EmptyResponse,
        handler=relay,
        summary="Sends a text to a room without checking or storing it.",
        example={"conversation_id": "01980000-0000-7000-8000-00000000000c", "message": "Hello!"},
    )
)

if __name__ == "__main__":
    serve("127.0.0.1", int(sys.argv[1]))
