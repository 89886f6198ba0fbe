"""What a process does steadily: look after its rooms, its bus, its connections, and its dead neighbours'."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings

from foundation.database.executor import in_database
from realtime import presence, recovery
from realtime.bus import CONTROL, Hint, bus
from realtime.events import PRESENCE, PresencePayload
from realtime.hooks import product
from realtime.publishing import publish_ephemeral, unit_of_work

if TYPE_CHECKING:
    from realtime.gateway import Gateway

log = structlog.get_logger(__name__)

BEAT_EVERY = 1.0
SILENCE = 3.0
DEAF_AFTER = 10.0
REVOCATION_EVERY = 4.0
CLEAN_EVERY = 600.0
REFRESH_EVERY = 3600.0


class Upkeep:
    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._tasks: set[asyncio.Task[Any]] = set()
        self._also: list[tuple[float, Callable[[], Any]]] = []
        self._heard_at = 0.0
        self._was_silent = False

    def also(self, seconds: float, work: Callable[[], Any]) -> None:
        """Have something of the product's done again and again while this process serves, in a database thread."""
        self._also.append((seconds, work))

    async def start(self) -> None:
        self._heard_at = time.monotonic()
        await bus.join(CONTROL)
        process_id = self._gateway.connections.process_id
        await self._tolerantly(in_database(presence.beat, process_id))
        every = self._every
        for work in (
            every(settings.ROOM_SWEEP_SECONDS, self._gateway.rooms.sweep),
            every(BEAT_EVERY, self._beat_on_bus),
            every(presence.HEARTBEAT.total_seconds(), self._beat_in_database),
            every(REVOCATION_EVERY, self._gateway.revocation.check),
            every(CLEAN_EVERY, self._clean),
            every(REFRESH_EVERY, bus.refresh),
            self._gateway.connections.write_forever(),
            self._tell_arrivals(),
            self._tell_departures(),
            *(every(seconds, partial(in_database, work)) for seconds, work in self._also),
        ):
            self.spawn(work)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._gateway.connections.write()
        await self._tolerantly(in_database(presence.retire, self._gateway.connections.process_id))

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _every(self, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
        # Processes that were started together are not to do it at the same time.
        await asyncio.sleep(random.uniform(0, seconds))  # noqa: S311
        while True:
            await self._tolerantly(work())
            await asyncio.sleep(seconds)

    async def _tolerantly(self, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except Exception as fault:  # the next round tries again
            log.warning("upkeep_failed", error=type(fault).__name__)

    # --- The bus ---

    @property
    def is_deaf(self) -> bool:
        """This process has not heard itself over the bus for too long to be called ready."""
        return time.monotonic() - self._heard_at > DEAF_AFTER

    def heard(self, process: str) -> None:
        if process != str(self._gateway.connections.process_id):
            return
        self._heard_at = time.monotonic()
        if self._was_silent:
            self._was_silent = False
            self.spawn(self._tolerantly(self._gateway.rooms.sweep()))

    async def _beat_on_bus(self) -> None:
        bus.send([Hint.control("beat", process=str(self._gateway.connections.process_id))])
        # A beat may be late behind much else: as long as anything comes in, the listener is well.
        if time.monotonic() - max(self._heard_at, bus.listened_at) > SILENCE:
            if not self._was_silent:
                log.warning("bus_silent")
            self._was_silent = True
            await bus.reopen()

    # --- The database ---

    async def _beat_in_database(self) -> None:
        await in_database(presence.beat, self._gateway.connections.process_id)
        gone = await in_database(presence.bury_dead)
        if gone:
            self._gateway.connections.left.put_nowait(gone)

    async def _clean(self) -> None:
        await in_database(recovery.forget_old)

    # --- Presence ---

    async def _tell_arrivals(self) -> None:
        while True:
            users = await self._gateway.connections.arrived.get()
            await self._tolerantly(in_database(_tell_presence, users, online=True))

    async def _tell_departures(self) -> None:
        while True:
            left = await self._gateway.connections.left.get()
            self.spawn(self._tell_departed(left))

    async def _tell_departed(self, left: dict[uuid.UUID, datetime]) -> None:
        await asyncio.sleep(presence.LEAVING.total_seconds() + 0.1)
        await self._tolerantly(in_database(tell_departed, left))


def tell_departed(left: dict[uuid.UUID, datetime]) -> None:
    gone = presence.departed(left)
    _tell_presence(gone, online=False)
    # Who came back meanwhile may have been told of before this: the last word is how it stands.
    _tell_presence(presence.online(gone), online=True)


def _tell_presence(users: set[uuid.UUID], *, online: bool) -> None:
    if not users:
        return
    seen, told = presence.last_seen(users), product().presence_rooms(users)
    with unit_of_work():  # the hints of one leave together
        for user_id, room in told:
            payload = PresencePayload(user_id=user_id, online=online, last_seen=seen.get(user_id))
            publish_ephemeral(room, PRESENCE, payload)
