"""A strict Engine.IO and Socket.IO server on python-socketio, picows and uvicorn: bounded, ordered, by the protocols.

The package does not depend on Django or on the application's data, and imports only `foundation`. Other packages import
its public names from here. uvicorn loads `socketio_server.uvicorn_http:HttpProtocol`.

Start with `socket_server` (Socket.IO), `engine_server` and `engine_socket` (Engine.IO) and `uvicorn_websocket`
(WebSockets, RFC 6455). docs/sockets.md lists the guarantees and the limits.
"""

from socketio_server.asgi_app import SocketApp
from socketio_server.asgi_websocket import refuse_websocket
from socketio_server.direct_transport import SharedFrame
from socketio_server.engine_server import EngineServer
from socketio_server.engine_socket import EngineSocket
from socketio_server.errors import ProtocolError
from socketio_server.limits import Limits
from socketio_server.socket_packets import TOO_DEEP, StrictPacket
from socketio_server.socket_server import SocketServer
from socketio_server.stalled_responses import closing_stalled
from socketio_server.uvicorn_websocket import on_uvicorn_shutdown

__all__ = [
    "TOO_DEEP",
    "EngineServer",
    "EngineSocket",
    "Limits",
    "ProtocolError",
    "SharedFrame",
    "SocketApp",
    "SocketServer",
    "StrictPacket",
    "closing_stalled",
    "on_uvicorn_shutdown",
    "refuse_websocket",
]
