"""Write coalescing: frames written for a client within one iteration of the event loop are sent with one system call.
The system call costs more than all other work for a packet."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from socketio_server.tcp import NOTSENT_LOWAT, limit_unsent

_FLUSH_BYTES = 65_536
"""A writer with more bytes than this does not wait for the end of the iteration."""


class FlushScheduler:
    """Flushes the writers of one event loop before the loop waits for the network again."""

    __slots__ = ("_last_joined", "_loop", "_writers")

    _by_loop: "WeakKeyDictionary[asyncio.AbstractEventLoop, FlushScheduler]" = WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._writers: list[CoalescingWriter] = []
        self._last_joined: tuple[list[bytes], bytes] = ([], b"")

    @classmethod
    def of_running_loop(cls) -> "FlushScheduler":
        loop = asyncio.get_running_loop()
        scheduler = cls._by_loop.get(loop)
        if scheduler is None:
            scheduler = cls._by_loop[loop] = cls(loop)
        return scheduler

    def schedule(self, writer: "CoalescingWriter") -> None:
        if not self._writers:
            self._loop.call_soon(self._flush)
        self._writers.append(writer)

    def _flush(self) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.flush()
        self._last_joined = ([], b"")

    def join(self, frames: list[bytes]) -> bytes:
        """Join frames. Consecutive writers with the same frames share the result. Otherwise, a thousand members of a
        room that do not read would each keep a copy."""
        if frames != self._last_joined[0]:
            self._last_joined = (frames, b"".join(frames))
        return self._last_joined[1]


class CoalescingWriter:
    """Writes whole frames to one connection. `on_backlog` is called after each write that the network does not take
    completely."""

    __slots__ = ("_frames", "_scheduler", "_size", "_transport", "_unlimited", "_unsent", "on_backlog")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._scheduler, self._transport = FlushScheduler.of_running_loop(), transport
        self._frames: list[bytes] = []
        self._size = self._unsent = 0
        self._unlimited = NOTSENT_LOWAT
        """The number of bytes that are written before the kernel's buffer is limited. Most connections never write that
        many."""
        self.on_backlog: Callable[[], None] | None = None

    def write(self, frame: bytes) -> None:
        if not self._frames:
            self._scheduler.schedule(self)
        self._frames.append(frame)
        self._size += len(frame)
        if self._size > _FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Pass the written frames to the network now."""
        frames, size = self._frames, self._size
        self._frames, self._size = [], 0
        if not frames or self._transport.is_closing():
            return
        if self._unlimited > 0:
            self._unlimited -= size
            if self._unlimited <= 0:
                limit_unsent(self._transport)
        self._transport.write(frames[0] if len(frames) == 1 else self._scheduler.join(frames))
        if not self._transport.get_write_buffer_size():
            self._unsent = 0
            return
        self._unsent += len(frames)
        if self.on_backlog is not None:
            self.on_backlog()

    def buffered_bytes(self) -> int:
        """Return the written bytes that the network has not taken yet."""
        return self._size + self._transport.get_write_buffer_size()

    def unsent_frames(self) -> int:
        """Return the number of frames written since the buffer was last empty."""
        # Only the buffered bytes are known, so this number of frames is an upper bound.
        return self._unsent if self.buffered_bytes() else 0
