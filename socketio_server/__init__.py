"""python-socketio and python-engineio, strict: bounded, ordered, and to the letter of their protocols.

Knows nothing of what is sent. See docs/sockets.md.
"""

from socketio_server.asgi_app import Guard
from socketio_server.asgi_request import refuse_websocket
from socketio_server.engine_server import EngineServer
from socketio_server.engine_socket import EngineSocket
from socketio_server.limits import Limits
from socketio_server.packets import ProtocolError, StrictPacket
from socketio_server.server import SocketServer

__all__ = [
    "EngineServer",
    "EngineSocket",
    "Guard",
    "Limits",
    "ProtocolError",
    "SocketServer",
    "StrictPacket",
    "refuse_websocket",
]
