"""The CONNECT packets of clients with `socket.io-msgpack-parser`, which this server does not support.

https://socket.io/docs/v4/custom-parser/#the-msgpack-parser
"""

import asyncio
from functools import partial

import msgpack
from socketio import AsyncServer
from socketio import packet as sio

from socketio_server import close_codes
from socketio_server.namespaces import ClientNamespaces

UNSUPPORTED_PARSER = {
    "message": "The msgpack parser is not supported. Connect with the default parser.",
    "data": {"code": "unsupported_parser"},
}


def refuse_msgpack(client: ClientNamespaces, data: bytes, wait: float) -> bool:
    """If a new client has sent a CONNECT packet in msgpack, refuse it in a form that this parser reads, close its
    transport and return True. A polling client has `wait` seconds to read the packet with its next request."""
    refusal = None if client.connected or client.disconnected else _refusal(data)
    if refusal is None:
        return False
    client.socket.send_frame(refusal)
    end = partial(client.socket.terminate, AsyncServer.reason.SERVER_DISCONNECT, code=close_codes.UNSUPPORTED_DATA)
    asyncio.get_running_loop().call_later(0.0 if client.socket.upgraded else wait, end)
    return True


def _refusal(data: bytes) -> bytes | None:
    """Return the CONNECT_ERROR packet for a CONNECT packet, both in msgpack, or None if the data is anything else."""
    try:
        packet = msgpack.loads(data)
    except (ValueError, msgpack.UnpackException):
        return None
    if not isinstance(packet, dict) or packet.get("type") != sio.CONNECT or not isinstance(packet.get("nsp"), str):
        return None
    return msgpack.dumps({"type": sio.CONNECT_ERROR, "nsp": packet["nsp"], "data": UNSUPPORTED_PARSER})
