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
from messaging.requests import SendMessageRequest  # noqa: E402
from realtime import (  # noqa: E402
    Caller,
    Command,
    gateway,
    registry,
)
from stoory.uvicorn_server import serve  # noqa: E402


async def relay(caller: Caller, message: SendMessageRequest) -> EmptyResponse:
    data = {"conversation_id": message.conversation_id, "message": message.message}
    await gateway.sio.emit("new_message", data, room=room_of(message.conversation_id))
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
