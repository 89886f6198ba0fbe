"""`manage.py serve` with one more command: `relay` sends a text on to a room and does nothing else, which is all
that the room case of the peers does. Run it as `python -m benchmarks.relay PORT`.
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
        summary="Sends a text on to a room; it is neither checked nor kept.",
        example={"conversation_id": "01980000-0000-7000-8000-00000000000c", "message": "Hello!"},
    )
)

if __name__ == "__main__":
    serve("127.0.0.1", int(sys.argv[1]))
