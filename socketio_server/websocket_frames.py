"""WebSocket frames (RFC 6455): assemble received frames into messages, and encode messages as frames."""

import struct
from typing import Any, Protocol

from picows import WSListener, WSMsgType

from socketio_server import close_codes

_HEADER_7, _HEADER_16, _HEADER_64 = struct.Struct("!BB").pack, struct.Struct("!BBH").pack, struct.Struct("!BBQ").pack
"""The frame headers for the three forms of the payload length (RFC 6455, 5.2)."""

Message = str | bytes


class Connection(Protocol):
    """The parts of a connection that the assembler uses."""

    max_message: int
    """Maximum bytes of a fragmented message. picows limits the size of a single frame."""
    max_fragments: int

    def message_received(self, message: Message) -> None: ...
    def close_received(self) -> None: ...
    def handle_disconnect(self) -> None: ...
    def close(self, code: int) -> None: ...
    def set_writable(self, writable: bool) -> None: ...


class FrameError(Exception):
    """The peer broke RFC 6455 or exceeded a limit. The connection is closed with `code`."""

    def __init__(self, code: int) -> None:
        self.code = code


class MessageAssembler(WSListener):
    """Assembles messages from frames and passes them to the connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._fragments: list[bytes] | None = None
        """The fragments of an incomplete message, of `_size` bytes in total."""
        self._size = 0
        self._kind: WSMsgType | None = None

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        try:
            if frame.msg_type == WSMsgType.CLOSE:
                self._connection.close_received()
            elif frame.msg_type != WSMsgType.PONG:
                message = self._complete(frame)
                if message is not None:
                    self._connection.message_received(message)
        except FrameError as error:
            self._fragments = None
            self._connection.close(error.code)

    def on_ws_disconnected(self, transport: Any) -> None:
        self._connection.handle_disconnect()

    def pause_writing(self) -> None:
        self._connection.set_writable(False)

    def resume_writing(self) -> None:
        self._connection.set_writable(True)

    def _complete(self, frame: Any) -> Message | None:
        """Return the message that this frame completes, or None."""
        if (
            frame.rsv1
            or frame.rsv2
            or frame.rsv3
            or (frame.msg_type == WSMsgType.CONTINUATION) is (self._fragments is None)
        ):
            raise FrameError(close_codes.PROTOCOL_ERROR)
        if self._fragments is None:
            if frame.fin:
                return self._decode(frame.msg_type, frame.get_payload_as_bytes())
            self._kind, self._fragments, self._size = frame.msg_type, [], 0
        self._add_fragment(self._fragments, frame)
        if not frame.fin:
            return None
        payload, self._fragments = b"".join(self._fragments), None
        return self._decode(self._kind, payload)

    def _add_fragment(self, fragments: list[bytes], frame: Any) -> None:
        """Add a fragment, or raise `FrameError` if it exceeds a limit. Takes constant time."""
        if len(fragments) == self._connection.max_fragments or not (frame.payload_size or frame.fin):
            raise FrameError(close_codes.POLICY_VIOLATION)
        self._size += frame.payload_size
        if self._size > self._connection.max_message:
            raise FrameError(close_codes.MESSAGE_TOO_BIG)
        fragments.append(frame.get_payload_as_bytes())

    @staticmethod
    def _decode(kind: Any, payload: bytes) -> Message:
        if kind == WSMsgType.BINARY:
            return payload
        try:
            return payload.decode()
        except UnicodeDecodeError:
            raise FrameError(close_codes.INVALID_PAYLOAD) from None


def encode_message(message: Message) -> bytes:
    """Encode a message as one unmasked frame (RFC 6455, 5.2)."""
    payload, opcode = (message.encode(), 0x81) if isinstance(message, str) else (message, 0x82)
    size = len(payload)
    if size < 126:
        return _HEADER_7(opcode, size) + payload
    if size < 65536:
        return _HEADER_16(opcode, 126, size) + payload
    return _HEADER_64(opcode, 127, size) + payload


def encode_close(code: int) -> bytes:
    return bytes((0x88, 2)) + code.to_bytes(2, "big")
