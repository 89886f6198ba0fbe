"""Decode Socket.IO packets strictly. A malformed packet raises `ProtocolError`.

Protocol 5: https://socket.io/docs/v4/socket-io-protocol/ ("Packet encoding").
"""

import json
import re
from typing import Any

from socketio import packet as sio

from foundation.json import NestedTooDeeply, SocketJSON
from socketio_server import close_codes
from socketio_server.errors import ProtocolError

RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "*"}
)
"""Names that no client may send: Socket.IO's own events, and the name of python-socketio's catch-all handler."""

_HEADER = re.compile(r"([0-6])(?:(\d{1,10})-)?(?:(/[^,]{0,128})(?:,|\Z))?(\d{0,17})", re.ASCII)
_MAX_ID = 2**53 - 1
_BINARY = (sio.BINARY_EVENT, sio.BINARY_ACK)
_EVENTS = (sio.EVENT, sio.BINARY_EVENT)
_FIRST_STRING = re.compile(r'\s*\[\s*("(?:[^"\\]|\\.)*")')


def namespace_of(text: str) -> str:
    """Return the namespace to which an encoded Socket.IO packet is addressed."""
    header = _HEADER.match(text)
    return (header and header[3]) or "/"


class TooDeep:
    """Stands for the arguments of an event, or the payload of a CONNECT packet, that are nested too deeply."""


TOO_DEEP = TooDeep()


class StrictPacket(sio.Packet):
    """python-socketio's packet, with strict decoding. Encoding is unchanged.

    The class attributes are the settings of one server; `configured` creates a subclass with its settings.
    """

    json: Any = SocketJSON
    uses_binary_events = False
    max_attachments = 0

    @classmethod
    def configured(cls, *, json: Any, binary: bool, max_attachments: int) -> type["StrictPacket"]:
        settings = {
            "json": json or cls.json,
            "uses_binary_events": binary,
            "max_attachments": max_attachments if binary else 0,
        }
        return type(cls.__name__, (cls,), settings)

    def decode(self, encoded_packet: str) -> int:
        """Fill the packet from its text, and return the number of attachments that follow. Raises `ProtocolError`.

        If a payload is nested too deeply, `TOO_DEEP` takes its place: `["name", TOO_DEEP]` in an event.
        """
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
            return self.json.loads(text)
        except (NestedTooDeeply, RecursionError):
            return [*self._event_name(text), TOO_DEEP] if self.packet_type in _EVENTS else TOO_DEEP
        except ValueError:
            raise ProtocolError("The payload is not JSON") from None

    @staticmethod
    def _event_name(text: str) -> list[Any]:
        """Return the first item of a list that cannot be decoded as a whole, or nothing if it is no string."""
        found = _FIRST_STRING.match(text)
        return [json.loads(found[1])] if found else []

    def _check_payload(self, *, absent: bool) -> None:
        kind, data = self.packet_type, self.data
        if kind in _EVENTS:
            valid = isinstance(data, list) and len(data) > 0 and isinstance(data[0], str)
            valid = valid and data[0] not in RESERVED_EVENTS
        elif kind == sio.CONNECT:
            valid = (absent or isinstance(data, dict | TooDeep)) and self.id is None
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
