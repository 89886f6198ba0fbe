"""The transport of a session over HTTP long-polling."""

import asyncio
from typing import ClassVar, Literal

from engineio import packet as eio

from socketio_server.asgi_request import ASGIRequest
from socketio_server.engine_packets import SEPARATOR, encode_for_polling
from socketio_server.send_queue import SendQueue
from socketio_server.transports import NOOP

_CLOSE = str(eio.CLOSE)


class PollingTransport:
    """Sends packets as the response to a GET request that waits for them."""

    name: ClassVar[str] = "polling"
    immediate: ClassVar[Literal[False]] = False

    def __init__(self, send_queue: SendQueue) -> None:
        self._send_queue = send_queue
        self._packets_queued: asyncio.Future[None] | None = None
        """Done when packets are queued for the waiting GET request. None while no request waits."""
        self._final_packet: str | None = None
        self._last_response: tuple[str, str] | None = None
        self.upgrading = False

    @property
    def waiting(self) -> bool:
        return self._packets_queued is not None

    def flush(self) -> None:
        if self._packets_queued is not None and not self._packets_queued.done():
            self._packets_queued.set_result(None)

    def finish(self, packet: str = NOOP) -> None:
        """Respond to the waiting request, and to any later request, with this packet instead of waiting."""
        self._final_packet = self._final_packet or packet
        self.flush()

    async def poll(self, request: ASGIRequest) -> str | None:
        """Return the payload of the response, or None if the client disconnects first.

        HTTP clients repeat a request by themselves when the connection breaks during the response. A repeated request
        gets the same response. It is recognized by `t`: the stock client sends a different `t` with each new request.
        """
        timestamp = request.query.get("t")
        if self._last_response is not None and self._last_response[0] == timestamp:
            return self._last_response[1]
        self._last_response = None
        if not await self._wait_for_packets(request):
            return None
        frames = [] if self._final_packet == NOOP else self._send_queue.pop_all()
        last = self._final_packet or (NOOP if not frames else None)
        payload = SEPARATOR.join([*map(encode_for_polling, frames), *([last] if last else [])])
        self._last_response = (timestamp, payload) if timestamp else None
        return payload

    async def _wait_for_packets(self, request: ASGIRequest) -> bool:
        """Wait until a response can be sent. Return False if the client disconnects first."""
        if not self._send_queue and not self.upgrading and self._final_packet is None:
            self._packets_queued = asyncio.get_running_loop().create_future()
            disconnected = asyncio.ensure_future(request.wait_disconnected())
            try:
                await asyncio.wait({self._packets_queued, disconnected}, return_when=asyncio.FIRST_COMPLETED)
                return self._packets_queued.done()
            finally:
                disconnected.cancel()
                self._packets_queued = None
        return True

    def buffered_bytes(self) -> int:
        return 0

    def unsent_packets(self) -> int:
        return 0

    def stalled_for(self, now: float) -> float:
        return 0.0

    def close(self, code: int, timeout: float) -> None:
        self.finish(_CLOSE)

    def abort(self) -> None:
        self._send_queue.clear()
        self.finish(_CLOSE)
