"""A strict Engine.IO and Socket.IO server on python-socketio, picows and uvicorn: bounded, ordered, by the protocols.

Knows nothing of Django or of what is sent. Imports `foundation` only. Others import from this package itself, and name
`socketio_server.uvicorn_http:HttpProtocol` to uvicorn. Start with `socket_server` (Socket.IO), `engine_server` and
`engine_socket` (Engine.IO), `uvicorn_websocket` (RFC 6455); docs/sockets.md says what is guaranteed.
"""

from socketio_server.asgi_app import SocketApp
from socketio_server.asgi_websocket import refuse_websocket
from socketio_server.direct_transport import SharedFrame
from socketio_server.engine_server import EngineServer
from socketio_server.engine_socket import EngineSocket
from socketio_server.errors import ProtocolError
from socketio_server.limits import Limits
from socketio_server.socket_packets import StrictPacket
from socketio_server.socket_server import SocketServer
from socketio_server.uvicorn_websocket import on_uvicorn_shutdown

__all__ = [
    "EngineServer",
    "EngineSocket",
    "Limits",
    "ProtocolError",
    "SharedFrame",
    "SocketApp",
    "SocketServer",
    "StrictPacket",
    "on_uvicorn_shutdown",
    "refuse_websocket",
]
