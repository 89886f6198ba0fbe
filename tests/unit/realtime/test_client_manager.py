"""python-socketio's own interface can reach one client, but no room."""

from typing import Any

import pytest

from realtime.client_manager import RoomManager
from realtime.pubsub import Bus
from socketio_server import SocketServer


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The frames sent to clients, as `(Engine.IO session, frame)`."""
    frames: list[tuple[str, str]] = []
    monkeypatch.setattr(SocketServer, "send_frame", lambda self, eio_sid, frame: frames.append((eio_sid, frame)))
    return frames


@pytest.fixture
async def server(sent: list[tuple[str, str]]) -> SocketServer:
    """A server with two clients."""
    server = SocketServer(client_manager=RoomManager(Bus()))
    for eio_sid in ("one", "two"):
        await server.manager.connect(await server.manager.pre_connect(eio_sid, "/"), "/")
    return server


async def test_an_event_is_emitted_to_one_client(server, sent):
    await server.emit("note", {"text": "Hello"}, to=server.manager.sid_from_eio_sid("one", "/"))
    assert sent == [("one", '42["note",{"text":"Hello"}]')]


@pytest.mark.parametrize("target", [{}, {"room": "conversation_1"}, {"to": "nobody"}, {"room": ["conversation_1"]}])
async def test_an_event_for_a_room_or_for_everybody_is_refused(server, sent, target: dict[str, Any]):
    with pytest.raises(ValueError, match="publish_ephemeral"):
        await server.emit("note", {"text": "Hello"}, **target)
    assert sent == []


async def test_a_room_can_be_joined_through_the_gateway_only(server):
    with pytest.raises(ValueError, match="gateway"):
        await server.enter_room(server.manager.sid_from_eio_sid("one", "/"), "conversation_1")
