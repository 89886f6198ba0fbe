"""Strict reading of Engine.IO frames and Socket.IO packets. Whatever is malformed raises `ProtocolError`.

Engine.IO protocol 4: https://socket.io/docs/v4/engine-io-protocol/ ("Packet encoding").
Socket.IO protocol 5: https://socket.io/docs/v4/socket-io-protocol/ ("Packet encoding").
"""

import base64
import binascii
import json
import re
from typing import Any

from engineio import packet as eio
from socketio import packet as sio

from foundation.json import SocketJSON

SEPARATOR = "\x1e"
"""Stands between the packets of one polling payload."""

RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "*"}
)
"""Names that no client may send: those of Socket.IO's own events, and python-socketio's catch-all handler."""

_MESSAGE = str(eio.MESSAGE)
_HEADER = re.compile(r"([0-6])(?:(\d{1,10})-)?(?:(/[^,]{0,128})(?:,|\Z))?(\d{0,17})", re.ASCII)
_MAX_ID = 2**53 - 1
_BINARY = (sio.BINARY_EVENT, sio.BINARY_ACK)


class ProtocolError(ValueError):
    """The peer broke the protocol: its transport is closed. `code` is the WebSocket close code (RFC 6455, 7.4)."""

    def __init__(self, message: str, code: int = 1008) -> None:
        super().__init__(message)
        self.code = code


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def byte_size(frame: str | bytes) -> int:
    return len(frame) if isinstance(frame, bytes) or frame.isascii() else len(frame.encode("utf-8", "replace"))


def read_frame(frame: str | bytes) -> tuple[int, str | bytes]:
    """Type and data of an Engine.IO packet; a binary frame is a message."""
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
        raise ProtocolError("No such Engine.IO packet type")
    kind = int(frame[0])
    data = frame[1:]
    if data and kind != eio.PING:
        raise ProtocolError("This Engine.IO packet carries no data")
    return kind, data


def read_payload(body: bytes) -> list[str]:
    """The encoded packets of a polling request."""
    try:
        return body.decode().split(SEPARATOR)
    except UnicodeDecodeError:
        raise ProtocolError("Not UTF-8") from None


def polling_form(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else "b" + base64.b64encode(frame).decode()


def namespace_of(text: str) -> str:
    """The namespace that an encoded Socket.IO packet is addressed to."""
    found = _HEADER.match(text)
    return (found and found[3]) or "/"


def depth_within(value: Any, deepest: int) -> bool:
    level = [value]
    for _ in range(deepest):
        level = [
            child
            for parent in level
            if isinstance(parent, list | dict)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return True
    return not any(isinstance(value, list | dict) for value in level)


class StrictPacket(sio.Packet):
    """python-socketio's packet, encoded as it does and decoded to the letter.

    The class attributes are the settings of one server; `configured` makes a class for it.
    """

    json: Any = SocketJSON
    uses_binary_events = False
    max_attachments = 0
    max_depth = 20

    @classmethod
    def configured(cls, *, json: Any, binary: bool, max_attachments: int, max_depth: int) -> type["StrictPacket"]:
        settings = {
            "json": json or cls.json,
            "uses_binary_events": binary,
            "max_attachments": max_attachments if binary else 0,
            "max_depth": max_depth,
        }
        return type(cls.__name__, (cls,), settings)

    def decode(self, encoded_packet: str) -> int:
        """Fills the packet from its text; returns how many binary attachments have to follow."""
        header = _HEADER.match(encoded_packet)
        if not header:
            raise ProtocolError("No such Socket.IO packet type")
        self.packet_type = int(header[1])
        self.namespace = header[3] or "/"
        self.id = int(header[4]) if header[4] else None
        if self.id is not None and self.id > _MAX_ID:
            raise ProtocolError("The id is too large")
        rest = encoded_packet[header.end() :]
        self.data = self._payload(rest) if rest else None
        self._check_payload(absent=not rest)
        return self._attachments(header[2])

    def _payload(self, text: str) -> Any:
        try:
            value = self._parse(text)
        except (ValueError, RecursionError):
            raise ProtocolError("The payload is not JSON") from None
        # Only a payload with that many brackets can be that deep; nearly none has, and counting is cheap.
        if text.count("[") + text.count("{") > self.max_depth and not depth_within(value, self.max_depth):
            raise ProtocolError("The payload is nested too deeply")
        return value

    def _parse(self, text: str) -> Any:
        try:
            return self.json.loads(text)
        except ValueError:
            # Valid JSON may hold an escaped half of a surrogate pair (RFC 8259, 8.2), which a browser sends for
            # a text that was cut inside an emoji, and which orjson refuses. Who reads the text can say why not.
            return json.loads(text, parse_constant=_no_constant)

    def _check_payload(self, *, absent: bool) -> None:
        kind, data = self.packet_type, self.data
        if kind in (sio.EVENT, sio.BINARY_EVENT):
            valid = isinstance(data, list) and len(data) > 0 and isinstance(data[0], str)
            valid = valid and data[0] not in RESERVED_EVENTS
        elif kind == sio.CONNECT:
            valid = (absent or isinstance(data, dict)) and self.id is None
        elif kind == sio.DISCONNECT:
            valid = absent and self.id is None
        elif kind in (sio.ACK, sio.BINARY_ACK):
            valid = isinstance(data, list) and self.id is not None
        else:
            valid = False
        if not valid:
            raise ProtocolError("The payload does not fit the packet type")

    def _attachments(self, announced: str | None) -> int:
        if self.packet_type not in _BINARY:
            if announced is not None:
                raise ProtocolError("Only binary packets have attachments")
            return 0
        if not self.uses_binary_events:
            raise ProtocolError("Binary is not taken here", code=1003)
        if not announced or not 0 < int(announced) <= self.max_attachments:
            raise ProtocolError("That many attachments are not taken")
        self._check_placeholders(self.data, int(announced))
        return int(announced)

    def _check_placeholders(self, value: Any, attachments: int) -> None:
        if isinstance(value, list):
            for item in value:
                self._check_placeholders(item, attachments)
        elif isinstance(value, dict) and value.get("_placeholder"):
            number = value.get("num")
            if type(number) is not int or not 0 <= number < attachments:
                raise ProtocolError("A placeholder points at no attachment")
        elif isinstance(value, dict):
            self._check_placeholders(list(value.values()), attachments)
