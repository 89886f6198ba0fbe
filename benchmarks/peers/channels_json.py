"""Django Channels on uvicorn, with a JSON consumer and the in-memory layer."""

import os
from typing import Any

import django
import jwt
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

settings.configure(
    SECRET_KEY=os.environ["JWT_KEY"],
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)
django.setup()


class Chat(AsyncJsonWebsocketConsumer):
    """Handles `join` and `relay`, and sends an `ack` for each."""

    room: str | None = None

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        if content["type"] == "join":
            await self.join(content)
        else:
            event = {
                "type": "new.message",
                "conversation_id": content["conversation_id"],
                "message": content["message"],
            }
            await self.channel_layer.group_send(self.room, event)
        await self.send_json({"type": "ack", "id": content["id"], "success": True})

    async def join(self, content: dict[str, Any]) -> None:
        jwt.decode(content["token"], settings.SECRET_KEY, algorithms=["HS256"], issuer="stoory", audience="stoory")
        self.room = f"conversation_{content['conversation_id']}"
        await self.channel_layer.group_add(self.room, self.channel_name)

    async def new_message(self, event: dict[str, Any]) -> None:
        await self.send_json({**event, "type": "new_message"})

    async def disconnect(self, code: int) -> None:
        if self.room is not None:
            await self.channel_layer.group_discard(self.room, self.channel_name)


app = ProtocolTypeRouter({"websocket": URLRouter([path("ws/", Chat.as_asgi())])})
