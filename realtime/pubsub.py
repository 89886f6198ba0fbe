"""The bus between processes: publish and subscribe over the channel layer. Its messages are hints that a log has grown.

The bus can lose, repeat or reorder hints. Processes repair this from the log, so nothing depends on a hint.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import structlog
from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer

from foundation.database.executor import after_result
from realtime import metrics
from realtime.channel_layer import PubSubChannelLayer
from realtime.event_log import LoggedEvent

log = structlog.get_logger(__name__)

CONTROL = "control"
SEND_TIMEOUT = 3.0
MAX_HINT_BYTES = 256 * 1024
RETRY_AFTER = 1.0
REFRESH_INTERVAL = 3600.0
"""Seconds from one `refresh` to the next."""
QUEUE_LENGTH = 50_000
PUBLISH_BATCH_SIZE = 1000
"""Maximum hints that are published together."""

Receiver = Callable[[dict[str, Any]], None]


class Hint(NamedTuple):
    """A message to every process that has joined `group`, which is the name of a room or `control`."""

    group: str
    message: dict[str, Any]

    @classmethod
    def logged(cls, room: str, events: list[LoggedEvent], at: float) -> "Hint":
        """Return a hint with the events of one commit in one room. `at` is the time of the commit (`time.time()`).

        If the events are larger than `MAX_HINT_BYTES`, the hint omits them, and the receivers read them from the log.
        """
        if sum(len(event.data) for event in events) > MAX_HINT_BYTES:
            return cls(room, {"type": "room.grown", "room": room})
        return cls(room, {"type": "room.events", "room": room, "events": events, "at": at})

    @classmethod
    def ephemeral(cls, room: str, event: str, data: str, skip_user: uuid.UUID | None) -> "Hint":
        skip = str(skip_user) if skip_user else None
        return cls(room, {"type": "room.ephemeral", "room": room, "event": event, "data": data, "skip_user": skip})

    @classmethod
    def control(cls, kind: str, **members: Any) -> "Hint":
        return cls(CONTROL, {"type": f"control.{kind}", **members})


class Bus:
    """The subscription of this process: one channel, which is in the group of each room with a member in this process.

    This process receives its own hints for rooms directly, and the other processes receive them over the channel layer.
    Hints for `control` always use the layer, so that a process can test its own subscription.
    """

    def __init__(self) -> None:
        self._me = uuid.uuid4().hex
        self._loop: asyncio.AbstractEventLoop | None = None
        self._channel: str | None = None
        self._groups: set[str] = set()
        self._outgoing: deque[Hint] = deque()
        self._outgoing_ready = asyncio.Event()
        self._unreachable_until = 0.0
        self.listened_at = 0.0
        """The time of the last message from the channel layer, on the monotonic clock."""
        self._receive: Receiver
        self._sender: asyncio.Task[None]
        self._listener: asyncio.Task[None]

    # --- Sending ---

    def send(self, hints: Iterable[Hint]) -> None:
        """Publish hints in order, from any thread. Never raises an error. In a server, it does not wait for the bus."""
        if self._loop is not None and self._loop.is_running():
            pass_on = partial(self._pass_on, list(hints))
            if not after_result(pass_on):
                self._loop.call_soon_threadsafe(pass_on)
        elif _has_others():
            async_to_sync(self._publish)(list(hints))

    def _pass_on(self, hints: list[Hint]) -> None:
        for hint in hints:
            if hint.group != CONTROL and hint.group in self._groups:
                self._receive_one(hint.message)
        remote = hints if _has_others() else [hint for hint in hints if hint.group == CONTROL]
        room = QUEUE_LENGTH - len(self._outgoing)
        if len(remote) > room:
            metrics.hints_lost.inc(len(remote) - room)
        self._outgoing.extend(remote[:room])
        self._outgoing_ready.set()

    async def _send_forever(self) -> None:
        while True:
            await self._outgoing_ready.wait()
            self._outgoing_ready.clear()
            while self._outgoing:
                hints = [self._outgoing.popleft() for _ in range(min(len(self._outgoing), PUBLISH_BATCH_SIZE))]
                await self._publish(hints)

    async def _publish(self, hints: list[Hint]) -> None:
        """Send one message to each group, with all its hints."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for hint in hints:
            groups.setdefault(hint.group, []).append(hint.message)
        messages = [
            (group, {"type": "hints", "from": self._me, "hints": found, "control": group == CONTROL})
            for group, found in groups.items()
        ]
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await _group_send_many(messages)
        except Exception as error:  # the layer's library raises its own errors, and a hint can be lost
            metrics.hints_lost.inc(len(hints))
            log.warning("hints_lost", count=len(hints), error=type(error).__name__)

    # --- Receiving ---

    async def start(self, receive: Receiver) -> None:
        """Open the channel of this process, and call `receive` with the message of every hint."""
        self._loop = asyncio.get_running_loop()
        self._outgoing.clear()
        self._outgoing_ready = asyncio.Event()
        self._receive = receive
        self._sender = asyncio.create_task(self._send_forever())
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        await _cancelled(self._sender)
        await _cancelled(self._listener)
        self._loop, self._channel = None, None
        self._groups.clear()
        await self._call_layer("flush")

    async def reopen(self) -> None:
        """Replace the connection to the channel layer, to repair a subscription that receives nothing."""
        await _cancelled(self._listener)
        self._channel = None
        await self._call_layer("flush")
        self._listener = asyncio.create_task(self._listen())

    async def join(self, group: str) -> None:
        """Subscribe to a group. Failures are only logged, because the log of the room replaces lost hints."""
        self._groups.add(group)
        if _is_subscribed(group):
            await self._update_group("group_add", group)

    async def leave(self, group: str) -> None:
        self._groups.discard(group)
        if _is_subscribed(group):
            await self._update_group("group_discard", group)

    async def refresh(self) -> None:
        """Subscribe to every group again, because the layer drops groups to which no process subscribes for a day."""
        for group in filter(_is_subscribed, list(self._groups)):
            await self._update_group("group_add", group)

    async def _update_group(self, operation: str, group: str) -> None:
        """Call the layer, unless it is unreachable. A new channel subscribes to all groups later."""
        if self._channel is not None and time.monotonic() > self._unreachable_until:
            await self._call_layer(operation, group, self._channel)

    async def _call_layer(self, operation: str, *args: str) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await getattr(get_channel_layer(), operation)(*args)
        except Exception as error:
            self._unreachable_until = time.monotonic() + RETRY_AFTER
            log.warning("bus_unreachable", operation=operation, error=type(error).__name__)

    async def _listen(self) -> None:
        while True:
            try:
                channel = await self._open_channel()
                message = await get_channel_layer().receive(channel)
                self.listened_at = time.monotonic()
            except Exception as error:
                log.warning("bus_unreachable", operation="receive", error=type(error).__name__)
                self._channel = None
                await asyncio.sleep(1)
            else:
                if message["control"] or message["from"] != self._me:
                    for hint in message["hints"]:
                        self._receive_one(hint)

    def _receive_one(self, message: dict[str, Any]) -> None:
        try:
            self._receive(message)
        except Exception:
            log.exception("hint_invalid", type=message.get("type"))

    async def _open_channel(self) -> str:
        if self._channel is None:
            layer = get_channel_layer()
            async with asyncio.timeout(SEND_TIMEOUT):
                channel = await layer.new_channel()
            for group in filter(_is_subscribed, list(self._groups)):
                async with asyncio.timeout(SEND_TIMEOUT):
                    await layer.group_add(group, channel)
            self._channel = channel
        return self._channel


def _has_others() -> bool:
    """Return whether the channel layer reaches other processes."""
    return not isinstance(get_channel_layer(), InMemoryChannelLayer)


def _is_subscribed(group: str) -> bool:
    return group == CONTROL or _has_others()


async def _group_send_many(messages: list[tuple[str, dict[str, Any]]]) -> None:
    layer = get_channel_layer()
    if isinstance(layer, PubSubChannelLayer):
        await layer.group_send_many(messages)
        return
    for group, message in messages:
        await layer.group_send(group, message)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=SEND_TIMEOUT)


bus = Bus()
