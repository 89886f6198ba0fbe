"""The CONNECT packets of clients with `socket.io-msgpack-parser`, which this server does not support.

https://socket.io/docs/v4/custom-parser/#the-msgpack-parser
"""

from typing import Any

import msgpack
from socketio import packet as sio


def msgpack_connect(data: bytes) -> str | None:
    """Return the namespace of a CONNECT packet in msgpack, or None if the data is anything else."""
    try:
        packet = msgpack.loads(data)
    except (ValueError, msgpack.UnpackException):
        return None
    if not isinstance(packet, dict) or packet.get("type") != sio.CONNECT:
        return None
    namespace = packet.get("nsp")
    return namespace if isinstance(namespace, str) else None


def msgpack_connect_error(namespace: str, reason: dict[str, Any]) -> bytes:
    """Return a CONNECT_ERROR packet in msgpack."""
    return msgpack.dumps({"type": sio.CONNECT_ERROR, "nsp": namespace, "data": reason})
