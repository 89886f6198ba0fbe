"""RFC 6455 frames: what picows reads assembled into messages, what is written made into frames."""

import struct
from typing import Any, Protocol

from picows import WSListener, WSMsgType

PROTOCOL_ERROR, INVALID_TEXT, POLICY, TOO_BIG = 1002, 1007, 1008, 1009
"""Close codes (7.4.1)."""

_SHORT, _MEDIUM, _LONG = struct.Struct("!BB").pack, struct.Struct("!BBH").pack, struct.Struct("!BBQ").pack
"""Heads by the three forms of the length (5.2)."""

Frame = str | bytes


class Owner(Protocol):
    """What a listener reports to."""

    max_message: int
    """Bytes of a message in fragments; a frame's own size is picows's to limit."""
    max_fragments: int

    def received(self, frame: Frame) -> None: ...
    def closed_by_peer(self) -> None: ...
    def lost(self) -> None: ...
    def close(self, code: int) -> None: ...
    def set_writable(self, writable: bool) -> None: ...


class Broken(Exception):
    """The peer broke RFC 6455 or a limit; the connection is closed with `code`."""

    def __init__(self, code: int) -> None:
        self.code = code


class Listener(WSListener):
    """Assembles messages from frames, and hands them on."""

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self._owner = owner
        self._parts: list[bytes] | None = None
        """The fragments of a message that is not whole yet, `_size` bytes together."""
        self._size = 0
        self._kind: WSMsgType | None = None

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        try:
            if frame.msg_type == WSMsgType.CLOSE:
                self._owner.closed_by_peer()
            elif frame.msg_type != WSMsgType.PONG:
                message = self._message(frame)
                if message is not None:
                    self._owner.received(message)
        except Broken as fault:
            self._parts = None
            self._owner.close(fault.code)

    def on_ws_disconnected(self, transport: Any) -> None:
        self._owner.lost()

    def pause_writing(self) -> None:
        self._owner.set_writable(False)

    def resume_writing(self) -> None:
        self._owner.set_writable(True)

    def _message(self, frame: Any) -> Frame | None:
        """The whole message, when this frame completes one."""
        if (
            frame.rsv1
            or frame.rsv2
            or frame.rsv3
            or (frame.msg_type == WSMsgType.CONTINUATION) is (self._parts is None)
        ):
            raise Broken(PROTOCOL_ERROR)
        if self._parts is None:
            if frame.fin:
                return self._decoded(frame.msg_type, frame.get_payload_as_bytes())
            self._kind, self._parts, self._size = frame.msg_type, [], 0
        self._keep(self._parts, frame)
        if not frame.fin:
            return None
        whole, self._parts = b"".join(self._parts), None
        return self._decoded(self._kind, whole)

    def _keep(self, parts: list[bytes], frame: Any) -> None:
        """Keep a fragment, within the limits: each costs the same, however many came before it."""
        if len(parts) == self._owner.max_fragments or not (frame.payload_size or frame.fin):
            raise Broken(POLICY)
        self._size += frame.payload_size
        if self._size > self._owner.max_message:
            raise Broken(TOO_BIG)
        parts.append(frame.get_payload_as_bytes())

    @staticmethod
    def _decoded(kind: Any, payload: bytes) -> Frame:
        if kind == WSMsgType.BINARY:
            return payload
        try:
            return payload.decode()
        except UnicodeDecodeError:
            raise Broken(INVALID_TEXT) from None


def framed(message: Frame) -> bytes:
    """A message as one unmasked frame (RFC 6455, 5.2)."""
    payload, opcode = (message.encode(), 0x81) if isinstance(message, str) else (message, 0x82)
    size = len(payload)
    if size < 126:
        return _SHORT(opcode, size) + payload
    if size < 65536:
        return _MEDIUM(opcode, 126, size) + payload
    return _LONG(opcode, 127, size) + payload


def close_frame(code: int) -> bytes:
    return bytes((0x88, 2)) + code.to_bytes(2, "big")
