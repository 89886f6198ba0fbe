"""What is written for a client within one turn of the event loop leaves in one go: to hand bytes to the network costs
more than everything else that is done for a packet."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from socketio_server.tcp import UNSENT, limit_unsent

_TOGETHER = 65_536
"""Bytes written in one turn from which on they do not wait for its end."""


class Turn:
    """The writers of one event loop that have something to hand over before it waits for the network again."""

    __slots__ = ("_joined", "_loop", "_writers")

    _of: "WeakKeyDictionary[asyncio.AbstractEventLoop, Turn]" = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._writers: list[TurnWriter] = []
        self._joined: tuple[list[bytes], bytes] = ([], b"")

    @classmethod
    def of_running_loop(cls) -> "Turn":
        loop = asyncio.get_running_loop()
        turn = cls._of.get(loop)
        if turn is None:
            turn = cls._of[loop] = cls(loop)
        return turn

    def flush_at_end(self, writer: "TurnWriter") -> None:
        if not self._writers:
            self._loop.call_soon(self._flush)
        self._writers.append(writer)

    def _flush(self) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.flush()
        self._joined = ([], b"")

    def join(self, frames: list[bytes]) -> bytes:
        """One and the same for those in a row who were written the same: of a thousand members of a room that do not
        read, each would keep a copy."""
        if frames != self._joined[0]:
            self._joined = (frames, b"".join(frames))
        return self._joined[1]


class TurnWriter:
    """Writes whole frames to one connection. `on_backlog` is called after each write that the network does not take
    whole."""

    __slots__ = ("_size", "_to_limit", "_turn", "_unsent", "_wire", "_written", "on_backlog")

    def __init__(self, wire: asyncio.Transport) -> None:
        self._turn, self._wire = Turn.of_running_loop(), wire
        self._written: list[bytes] = []
        self._size = self._unsent = 0
        self._to_limit = UNSENT
        """Bytes until the kernel could hold as many unsent: most connections never come to be limited."""
        self.on_backlog: Callable[[], None] | None = None

    def write(self, frame: bytes) -> None:
        if not self._written:
            self._turn.flush_at_end(self)
        self._written.append(frame)
        self._size += len(frame)
        if self._size > _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Hand over now what was written."""
        written, size = self._written, self._size
        self._written, self._size = [], 0
        if not written or self._wire.is_closing():
            return
        if self._to_limit > 0:
            self._to_limit -= size
            if self._to_limit <= 0:
                limit_unsent(self._wire)
        self._wire.write(written[0] if len(written) == 1 else self._turn.join(written))
        if not self._wire.get_write_buffer_size():
            self._unsent = 0
            return
        self._unsent += len(written)
        if self.on_backlog is not None:
            self.on_backlog()

    def buffered(self) -> int:
        """Bytes that were written and that the network has not taken."""
        return self._size + self._wire.get_write_buffer_size()

    def unsent(self) -> int:
        """Frames that were handed over since the network last took everything."""
        # Of what is buffered only the bytes are known, so the frames are counted since it was last empty.
        return self._unsent if self.buffered() else 0
