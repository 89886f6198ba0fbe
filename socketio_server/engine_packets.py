"""Decode and encode Engine.IO packets. A malformed packet raises `ProtocolError`.

A frame is an encoded packet: one message of a WebSocket, or one part of a polling payload.
Protocol 4: https://socket.io/docs/v4/engine-io-protocol/ ("Packet encoding").
"""

import base64
import binascii

from engineio import packet as eio

from socketio_server.errors import ProtocolError

SEPARATOR = "\x1e"
"""Separates the packets of one polling payload."""

_MESSAGE = str(eio.MESSAGE)


def byte_size(frame: str | bytes) -> int:
    """Return the size of a frame on the network, in bytes."""
    return len(frame) if isinstance(frame, bytes) or frame.isascii() else len(frame.encode("utf-8", "replace"))


def decode_frame(frame: str | bytes) -> tuple[int, str | bytes]:
    """Return the type and the data of a packet. A binary frame is a message. Raises `ProtocolError`."""
    if isinstance(frame, bytes):
        return eio.MESSAGE, frame
    if frame[:1] == _MESSAGE:
        return eio.MESSAGE, frame[1:]
    if frame[:1] == "b":
        try:
            return eio.MESSAGE, base64.b64decode(frame[1:], validate=True)
        except binascii.Error:
            raise ProtocolError("Not base64") from None
    if not frame or frame[0] not in "12356":
        raise ProtocolError("Unknown Engine.IO packet type")
    kind = int(frame[0])
    data = frame[1:]
    if data and kind != eio.PING:
        raise ProtocolError("An Engine.IO packet of this type has no data")
    return kind, data


def decode_payload(body: bytes) -> list[str]:
    """Return the frames in the body of a polling request. Raises `ProtocolError` if the body is not UTF-8."""
    try:
        return body.decode().split(SEPARATOR)
    except UnicodeDecodeError:
        raise ProtocolError("Not UTF-8") from None


def encode_for_polling(frame: str | bytes) -> str:
    """Encode a frame as a part of a polling payload. The payload is text, so binary data becomes base64."""
    return frame if isinstance(frame, str) else "b" + base64.b64encode(frame).decode()
