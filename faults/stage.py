"""Everything that a scenario plays with: databases, server processes, and a proxy on every way between them."""

import asyncio
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from faults.proxy import Proxy
from faults.services import Postgres, Redis
from faults.workers import Worker

LOCAL = "127.0.0.1"


@dataclass(eq=False)
class Seat:
    """One worker with its proxies: `door` for its clients, `to_postgres`, `to_redis`."""

    worker: Worker
    door: Proxy
    to_postgres: Proxy
    to_redis: Proxy

    @property
    def url(self) -> str:
        return f"http://{LOCAL}:{self.door.port}"


@dataclass(eq=False)
class Stage:
    """A door whose worker is dead leads to another one, as a load balancer would."""

    home: Path
    size: int
    environment: dict[str, str] = field(default_factory=dict)
    seats: list[Seat] = field(default_factory=list)

    async def start(self) -> None:
        self.postgres, self.redis = Postgres(self.home), Redis(self.home)
        await asyncio.gather(self.postgres.start(), self.redis.start())
        for number in range(self.size):
            self.seats.append(await self._seat(f"worker-{number + 1}"))
        await self._start_workers()
        self._balance()

    async def _start_workers(self) -> None:
        await self.workers[0].manage("collectstatic", "--noinput", "--verbosity", "0")
        await self.workers[0].manage("migrate", "--verbosity", "0")
        await asyncio.gather(*(worker.start() for worker in self.workers))

    async def _seat(self, name: str) -> Seat:
        door = Proxy()
        to_postgres, to_redis = Proxy((LOCAL, self.postgres.port)), Proxy((LOCAL, self.redis.port))
        for proxy in (door, to_postgres, to_redis):
            await proxy.start()
        environment = {
            "DATABASE_URL": f"postgres://postgres@{LOCAL}:{to_postgres.port}/stoory",
            "REDIS_URL": f"redis://{LOCAL}:{to_redis.port}/0",
            "REDIS_PREFIX": "faults",
        }
        return Seat(Worker(name, self.home, environment | self.environment), door, to_postgres, to_redis)

    @property
    def workers(self) -> list[Worker]:
        return [seat.worker for seat in self.seats]

    def _balance(self) -> None:
        addresses = [(LOCAL, seat.worker.port) for seat in self.seats]
        for number, seat in enumerate(self.seats):
            seat.door.upstreams = (*addresses[number:], *addresses[:number])

    async def room_ends(self) -> dict[str, int]:
        """How far each room's log goes, asked past the server."""
        return dict(await self.postgres.execute("SELECT name, last_seq FROM realtime_room"))

    def heal(self) -> None:
        for seat in self.seats:
            for proxy in (seat.door, seat.to_postgres, seat.to_redis):
                proxy.heal()

    async def stop(self) -> None:
        await asyncio.gather(*(worker.kill() for worker in self.workers))
        for seat in self.seats:
            for proxy in (seat.door, seat.to_postgres, seat.to_redis):
                await proxy.stop()
        await asyncio.gather(self.postgres.stop("immediate"), self.redis.stop())


@dataclass(eq=False)
class EmbeddedStage(Stage):
    """Processes on one SQLite file, without any bus between them."""

    @property
    def database(self) -> Path:
        return self.home / "data" / "stoory.sqlite3"

    async def start(self) -> None:
        self.home.mkdir()
        for number in range(self.size):
            door = Proxy()
            await door.start()
            nowhere = Proxy()
            environment = {"DATABASE_URL": "", "REDIS_URL": ""} | self.environment
            self.seats.append(Seat(Worker(f"embedded-{number + 1}", self.home, environment), door, nowhere, nowhere))
        await self._start_workers()
        self._balance()

    async def room_ends(self) -> dict[str, int]:
        with sqlite3.connect(self.database, timeout=20) as connection:
            return dict(connection.execute("SELECT name, last_seq FROM realtime_room"))

    async def stop(self) -> None:
        await asyncio.gather(*(worker.kill() for worker in self.workers))
        for seat in self.seats:
            await seat.door.stop()
