"""Unmodified python-socketio on uvicorn. Environment variables: `JWT_KEY` to check tokens, `DATABASE_URL` to store
messages, `REDIS_URL` to share rooms between processes."""

import os
from typing import Any

import jwt
import socketio

from benchmarks.peers.store import Store

store = Store(os.environ["DATABASE_URL"]) if os.environ.get("DATABASE_URL") else None
redis = os.environ.get("REDIS_URL")
sio = socketio.AsyncServer(async_mode="asgi", client_manager=socketio.AsyncRedisManager(redis) if redis else None)


async def start() -> None:
    if store is not None:
        await store.pool.open(wait=True)


async def stop() -> None:
    if store is not None:
        await store.pool.close()


app = socketio.ASGIApp(sio, on_startup=start, on_shutdown=stop)


def room_of(conversation_id: str) -> str:
    return f"conversation_{conversation_id}"


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, str]) -> None:
    try:
        claims = jwt.decode(
            auth["token"], os.environ["JWT_KEY"], algorithms=["HS256"], issuer="stoory", audience="stoory"
        )
    except jwt.InvalidTokenError:
        raise socketio.exceptions.ConnectionRefusedError("token_invalid") from None
    user_id = await store.user_of_session(claims["session"]) if store else claims["user_id"]
    if user_id != claims["user_id"]:
        raise socketio.exceptions.ConnectionRefusedError("token_revoked")
    await sio.save_session(sid, {"user_id": user_id})
    await sio.enter_room(sid, f"user_{user_id}")


@sio.event
async def join_conversation(sid: str, data: dict[str, str]) -> dict[str, Any]:
    user_id = (await sio.get_session(sid))["user_id"]
    if store is not None and not await store.takes_part(data["conversationId"], user_id):
        return {"success": False, "code": "not_found"}
    await sio.enter_room(sid, room_of(data["conversationId"]))
    return {"success": True}


@sio.event
async def relay(sid: str, data: dict[str, str]) -> dict[str, Any]:
    """Relay a message to the room, without storing it."""
    await sio.emit("new_message", data, room=room_of(data["conversation_id"]))
    return {"success": True}


@sio.event
async def send_message(sid: str, data: dict[str, str]) -> dict[str, Any]:
    """Store a message, deliver it to both participants after the commit, and acknowledge it."""
    user_id = (await sio.get_session(sid))["user_id"]
    conversation_id = data["conversation_id"]
    message, notification = await store.store(user_id, conversation_id, data["message"])
    shown = {"conversation_id": conversation_id, "message": message}
    await sio.emit("new_message", shown, room=room_of(conversation_id))
    frame = {"type": "message", "data": notification}
    await sio.emit("notification", frame, room=f"user_{message['receiver_id']}")
    return {"success": True, **shown}
