"""The system under test: databases, server processes, and a proxy between any two of them."""

import asyncio
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from faults.cluster.proxy import Proxy
from faults.cluster.services import Postgres, Redis
from faults.cluster.worker import Worker

LOCAL = "127.0.0.1"


@dataclass(eq=False)
class Node:
    """One worker with its three proxies: for its clients, its PostgreSQL connections and its Redis connections."""

    worker: Worker
    client_proxy: Proxy
    postgres_proxy: Proxy
    redis_proxy: Proxy

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"http://{LOCAL}:{self.client_proxy.port}"

    @property
    def proxies(self) -> tuple[Proxy, ...]:
        return self.client_proxy, self.postgres_proxy, self.redis_proxy


@dataclass(eq=False)
class Cluster:
    """Nodes with one PostgreSQL and one Redis. If a worker is dead, its proxy forwards clients to another worker, as a
    load balancer does."""

    home: Path
    size: int
    environment: dict[str, str] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    async def start(self) -> None:
        self.postgres, self.redis = Postgres(self.home), Redis(self.home)
        await asyncio.gather(self.postgres.start(), self.redis.start())
        for number in range(self.size):
            self.nodes.append(await self._new_node(f"worker-{number + 1}"))
        await self._start_workers()
        self._set_upstreams()

    async def _start_workers(self) -> None:
        await self.workers[0].manage("collectstatic", "--noinput", "--verbosity", "0")
        await self.workers[0].manage("migrate", "--verbosity", "0")
        await asyncio.gather(*(worker.start() for worker in self.workers))

    async def _new_node(self, name: str) -> Node:
        client_proxy = Proxy()
        postgres_proxy, redis_proxy = Proxy((LOCAL, self.postgres.port)), Proxy((LOCAL, self.redis.port))
        for proxy in (client_proxy, postgres_proxy, redis_proxy):
            await proxy.start()
        environment = {
            "DATABASE_URL": f"postgres://postgres@{LOCAL}:{postgres_proxy.port}/stoory",
            "REDIS_URL": f"redis://{LOCAL}:{redis_proxy.port}/0",
            "REDIS_PREFIX": "faults",
        }
        return Node(Worker(name, self.home, environment | self.environment), client_proxy, postgres_proxy, redis_proxy)

    @property
    def workers(self) -> list[Worker]:
        return [node.worker for node in self.nodes]

    def _set_upstreams(self) -> None:
        addresses = [(LOCAL, node.worker.port) for node in self.nodes]
        for number, node in enumerate(self.nodes):
            node.client_proxy.upstreams = (*addresses[number:], *addresses[:number])

    async def last_seqs(self) -> dict[str, int]:
        """Return the `last_seq` of each room, read directly from the database."""
        return dict(await self.postgres.execute("SELECT name, last_seq FROM realtime_room"))

    def heal(self) -> None:
        for node in self.nodes:
            for proxy in node.proxies:
                proxy.heal()

    async def stop(self) -> None:
        await asyncio.gather(*(worker.kill() for worker in self.workers))
        for node in self.nodes:
            for proxy in node.proxies:
                await proxy.stop()
        await asyncio.gather(self.postgres.stop("immediate"), self.redis.stop())


@dataclass(eq=False)
class EmbeddedCluster(Cluster):
    """Processes that share one SQLite file and have no Redis."""

    @property
    def database(self) -> Path:
        return self.home / "data" / "stoory.sqlite3"

    async def start(self) -> None:
        self.home.mkdir()
        for number in range(self.size):
            client_proxy = Proxy()
            await client_proxy.start()
            unused = Proxy()
            environment = {"DATABASE_URL": "", "REDIS_URL": ""} | self.environment
            self.nodes.append(
                Node(Worker(f"embedded-{number + 1}", self.home, environment), client_proxy, unused, unused)
            )
        await self._start_workers()
        self._set_upstreams()

    async def last_seqs(self) -> dict[str, int]:
        with sqlite3.connect(self.database, timeout=20) as connection:
            return dict(connection.execute("SELECT name, last_seq FROM realtime_room"))

    async def stop(self) -> None:
        await asyncio.gather(*(worker.kill() for worker in self.workers))
        for node in self.nodes:
            await node.client_proxy.stop()
