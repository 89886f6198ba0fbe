"""The ways in which packets leave for a client.

A transport takes the packets of one `Outbox`. `EngineSocket` calls `wake` after it has put one in, and asks for
`buffered`, the bytes taken but not yet given to the network. Another way to write, below ASGI say, is another
class with these few methods.
"""

import asyncio
from typing import ClassVar, Literal, Protocol

from engineio import packet as eio

from socketio_server.asgi_request import Exchange
from socketio_server.packets import SEPARATOR, polling_form
from socketio_server.send_queue import Outbox

CLOSE = str(eio.CLOSE)
NOOP = str(eio.NOOP)
POLICY = 1008
"""WebSocket close code (RFC 6455, 7.4.1)."""
PONG_PROBE = f"{eio.PONG}probe"


_IN_A_ROW = 64
"""Packets written for one client before the others get their turn, if the network takes them all."""


class Writes(Protocol):
    """What every transport does."""

    name: ClassVar[str]

    def wake(self) -> None:
        """Begin to take packets from the outbox, unless that goes on already."""

    def buffered(self) -> int:
        """Bytes taken from the outbox that the network has not taken."""

    def unsent(self) -> int:
        """Packets that the network has not taken, beside those in the outbox."""

    def stuck_for(self, now: float) -> float:
        """Seconds for which the peer has taken nothing of what is buffered. Asked at a steady pace."""

    def close(self, code: int, within: float) -> None:
        """Let what is queued leave for `within` seconds at most, then close with a WebSocket close code."""

    def abort(self) -> None:
        """Close at once, whether the peer reads or not."""


class Queued(Writes, Protocol):
    """Takes its packets from the outbox."""

    immediate: ClassVar[Literal[False]]


class Immediate(Writes, Protocol):
    """Packets are written as they come and never wait in the outbox; the transport has the queue checked itself when
    the network does not take them, and feeds the session."""

    immediate: ClassVar[Literal[True]]

    def write(self, frame: str | bytes) -> None:
        """Write one packet."""

    def pause_reading(self) -> None:
        """Feed the session no more for now."""

    def resume_reading(self) -> None:
        """Go on feeding it."""


Transport = Queued | Immediate


class WebSocketTransport:
    """A WebSocket of an ASGI server: one writer at a time, and none while there is nothing to write."""

    name: ClassVar[str] = "websocket"
    immediate: ClassVar[Literal[False]] = False

    def __init__(self, exchange: Exchange, outbox: Outbox) -> None:
        self._exchange, self._outbox = exchange, outbox
        self._writer: asyncio.Task[None] | None = None
        self._closing: int | None = None

    def wake(self) -> None:
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        outbox, send = self._outbox, self._exchange.send_frame
        try:
            while outbox:
                for _ in range(min(len(outbox), _IN_A_ROW)):
                    await send(outbox.head())
                    outbox.drop_head()
                if outbox:
                    await asyncio.sleep(0)
            if self._closing is not None:
                await self._exchange.close_websocket(self._closing)
        except Exception:
            # The servers differ in what they raise here; all of it means that the client is gone, which the
            # reading side is told as well.
            outbox.clear()
        finally:
            self._writer = None

    def buffered(self) -> int:
        return self._exchange.wire.buffered()

    def unsent(self) -> int:
        return 0

    def stuck_for(self, now: float) -> float:
        return self._exchange.wire.stuck_for(now)

    def close(self, code: int, within: float) -> None:
        if self._closing is None:
            self._closing = code
            asyncio.get_running_loop().call_later(within, self._give_up)
            self.wake()

    async def written(self) -> None:
        """Wait until nothing is being written: what a server does when the application returns cuts it short."""
        if self._writer is not None:
            await asyncio.wait({self._writer})

    def _give_up(self) -> None:
        if self._writer is not None or self.buffered():
            self.abort()

    def abort(self) -> None:
        self._outbox.clear()
        if self._writer is not None:
            self._writer.cancel()
        if self._exchange.wire.visible:
            self._exchange.wire.abort()
        else:
            self._closing, self._writer = POLICY, None
            self.wake()


class PollingTransport:
    """HTTP long-polling: packets leave as the answer to a request that waits for them."""

    name: ClassVar[str] = "polling"
    immediate: ClassVar[Literal[False]] = False

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._request: asyncio.Future[None] | None = None
        self._last_word: str | None = None
        self._answered: tuple[str, str] | None = None
        self.upgrading = False

    @property
    def waiting(self) -> bool:
        return self._request is not None

    def wake(self) -> None:
        if self._request is not None and not self._request.done():
            self._request.set_result(None)

    def release(self, packet: str = NOOP) -> None:
        """End the waiting request, and any later one, with this packet instead of waiting."""
        self._last_word = self._last_word or packet
        self.wake()

    async def poll(self, exchange: Exchange) -> str | None:
        """The payload to answer with, None when the client has hung up first.

        A request that comes again is answered as before: HTTP clients send it once more by themselves where a
        connection broke under the answer. The stock client marks each request with another `t`.
        """
        mark = exchange.query.get("t")
        if self._answered is not None and self._answered[0] == mark:
            return self._answered[1]
        self._answered = None
        if not await self._has_something(exchange):
            return None
        frames = [] if self._last_word == NOOP else self._outbox.take_all()
        last = self._last_word or (NOOP if not frames else None)
        payload = SEPARATOR.join([*map(polling_form, frames), *([last] if last else [])])
        self._answered = (mark, payload) if mark else None
        return payload

    async def _has_something(self, exchange: Exchange) -> bool:
        """Wait for it; false when the client has hung up first."""
        if not self._outbox and not self.upgrading and self._last_word is None:
            self._request = asyncio.get_running_loop().create_future()
            gone = asyncio.ensure_future(exchange.gone())
            try:
                await asyncio.wait({self._request, gone}, return_when=asyncio.FIRST_COMPLETED)
                return self._request.done()
            finally:
                gone.cancel()
                self._request = None
        return True

    def buffered(self) -> int:
        return 0

    def unsent(self) -> int:
        return 0

    def stuck_for(self, now: float) -> float:
        return 0.0

    def close(self, code: int, within: float) -> None:
        self.release(CLOSE)

    def abort(self) -> None:
        self._outbox.clear()
        self.release(CLOSE)
