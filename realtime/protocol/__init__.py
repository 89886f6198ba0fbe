"""python-socketio and python-engineio, strict: bounded, ordered, and to the letter of their protocols.

Knows nothing of what is sent. See docs/sockets.md.
"""

from realtime.protocol.engine_server import EngineServer
from realtime.protocol.engine_socket import EngineSocket
from realtime.protocol.exchange import refuse_websocket
from realtime.protocol.guard import Guard
from realtime.protocol.limits import Limits
from realtime.protocol.packets import ProtocolError, StrictPacket
from realtime.protocol.server import SocketServer

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
