"""Decode Socket.IO packets strictly. A malformed packet raises `ProtocolError`.

Protocol 5: https://socket.io/docs/v4/socket-io-protocol/ ("Packet encoding").
"""

import json
import re
from typing import Any

from socketio import packet as sio

from foundation.json import SocketJSON
from socketio_server import close_codes
from socketio_server.errors import ProtocolError

RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "*"}
)
"""Names that no client may send: Socket.IO's own events, and the name of python-socketio's catch-all handler."""

_HEADER = re.compile(r"([0-6])(?:(\d{1,10})-)?(?:(/[^,]{0,128})(?:,|\Z))?(\d{0,17})", re.ASCII)
_MAX_ID = 2**53 - 1
_BINARY = (sio.BINARY_EVENT, sio.BINARY_ACK)


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def namespace_of(text: str) -> str:
    """Return the namespace to which an encoded Socket.IO packet is addressed."""
    header = _HEADER.match(text)
    return (header and header[3]) or "/"


def is_depth_within(value: Any, limit: int) -> bool:
    """Return whether lists and dicts are nested at most `limit` levels deep."""
    level = [value]
    for _ in range(limit):
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
    """python-socketio's packet, with strict decoding. Encoding is unchanged.

    The class attributes are the settings of one server; `configured` creates a subclass with its settings.
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
        """Fill the packet from its text, and return the number of attachments that follow. Raises `ProtocolError`."""
        header = _HEADER.match(encoded_packet)
        if not header:
            raise ProtocolError("Unknown Socket.IO packet type")
        self.packet_type = int(header[1])
        self.namespace = header[3] or "/"
        self.id = int(header[4]) if header[4] else None
        if self.id is not None and self.id > _MAX_ID:
            raise ProtocolError("The id is too large")
        rest = encoded_packet[header.end() :]
        self.data = self._decode_payload(rest) if rest else None
        self._check_payload(absent=not rest)
        return self._check_attachments(header[2])

    def _decode_payload(self, text: str) -> Any:
        try:
            value = self._parse(text)
        except (ValueError, RecursionError):
            raise ProtocolError("The payload is not JSON") from None
        # Only a payload with more brackets than the limit can be too deep. Counting brackets is cheap.
        if text.count("[") + text.count("{") > self.max_depth and not is_depth_within(value, self.max_depth):
            raise ProtocolError("The payload is nested too deeply")
        return value

    def _parse(self, text: str) -> Any:
        try:
            return self.json.loads(text)
        except ValueError:
            # Valid JSON can contain an escaped half of a surrogate pair (RFC 8259, 8.2). Browsers send it for a text
            # that was cut inside an emoji. orjson rejects it, so the handler that reads the text reports the error.
            return json.loads(text, parse_constant=_reject_constant)

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

    def _check_attachments(self, announced: str | None) -> int:
        """Return the number of attachments that follow. `announced` is the number in the header, if any."""
        if self.packet_type not in _BINARY:
            if announced is not None:
                raise ProtocolError("Only binary packets have attachments")
            return 0
        if not self.uses_binary_events:
            raise ProtocolError("Binary packets are not supported", code=close_codes.UNSUPPORTED_DATA)
        if not announced or not 0 < int(announced) <= self.max_attachments:
            raise ProtocolError("The number of attachments is not allowed")
        self._check_placeholders(self.data, int(announced))
        return int(announced)

    def _check_placeholders(self, value: Any, attachments: int) -> None:
        if isinstance(value, list):
            for item in value:
                self._check_placeholders(item, attachments)
        elif isinstance(value, dict) and value.get("_placeholder"):
            number = value.get("num")
            if type(number) is not int or not 0 <= number < attachments:
                raise ProtocolError("A placeholder has no attachment")
        elif isinstance(value, dict):
            self._check_placeholders(list(value.values()), attachments)
