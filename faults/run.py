"""The run of a scenario: its cluster, clients and workload, and the metrics and violations that it reports."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from faults.checker.final_state import FinalState
from faults.checker.performance import DUPLICATES
from faults.clients.rest_client import RestClient
from faults.clients.socket_client import SocketClient
from faults.cluster.cluster import Cluster
from faults.metrics import Metric
from faults.people import People
from faults.recorder import Recorder
from faults.workload import Workload, sending
from tests.harness.people import Account

CATCH_UP_TIMEOUT = 30.0


@dataclass(eq=False)
class Run:
    """A run of one scenario. `messages` is the number of messages of its workload. With `quick` each fault has fewer
    repetitions. All time limits are multiplied by `patience`, which is more than 1 on a busy machine."""

    cluster: Cluster
    people: People
    recorder: Recorder
    rest: RestClient
    session: aiohttp.ClientSession
    rng: random.Random
    messages: int
    rate: float
    senders: int
    quick: bool
    patience: float = 1.0
    metrics: list[Metric] = field(default_factory=list)
    thresholds: dict[str, float] = field(default_factory=dict)
    """The maxima in this scenario of metrics that every scenario has, by name."""
    violations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    workload: Workload | None = None
    clients: list[SocketClient] = field(default_factory=list)
    final_state: FinalState | None = None
    """The final state of the scenario's own cluster, if it has used one instead of the common cluster."""

    @asynccontextmanager
    async def workload_running(
        self, share: float = 1.0, rate: float | None = None, people: People | None = None, **options: Any
    ) -> AsyncIterator[Workload]:
        """Send messages to observers while the block runs. Afterwards, heal the cluster and wait until all clients have
        caught up."""
        workload = await self.connect_observers(share, rate, people, **options)
        async with sending(workload):
            yield workload
            self.cluster.heal()
        await self.wait_until_caught_up([])
        if workload.given_up:
            self.violations.append(f"{workload.given_up} messages were never acknowledged")

    async def connect_observers(
        self, share: float = 1.0, rate: float | None = None, people: People | None = None, **options: Any
    ) -> Workload:
        """Create the workload and connect its observers. No message is sent yet."""
        self.workload = Workload(
            cluster=self.cluster,
            people=people or self.people,
            recorder=self.recorder,
            rest=self.rest,
            session=self.session,
            rng=self.rng,
            messages=max(1, round(share * self.messages)),
            rate=rate or self.rate,
            senders=self.senders,
            **options,
        )
        await self.workload.connect_observers()
        return self.workload

    def client(self, name: str, person: Account, node: int, **options: Any) -> SocketClient:
        """Return a further client, which is stopped at the end of the run like the clients of the workload."""
        client = SocketClient(
            name=name,
            person=person,
            base_url=self.cluster.nodes[node % len(self.cluster.nodes)].url,
            recorder=self.recorder,
            session=self.session,
            **options,
        )
        self.clients.append(client)
        return client

    async def stop(self) -> None:
        await asyncio.gather(*(client.stop() for client in self.clients))
        if self.workload is not None:
            await self.workload.stop()

    @contextmanager
    def measuring(
        self, name: str, maximum: float | None = None, *, baseline: str | None = None, factor: float = 1.2
    ) -> Iterator[None]:
        """Measure the delivery latency of messages that are sent in the block: the 99th percentile, in milliseconds.
        The threshold is `maximum`, or `factor` times the result of the block named `baseline`. Blocks with the same
        name are measured together."""
        since = time.monotonic()
        yield
        threshold = {"maximum": maximum, "baseline": baseline, "factor": factor}
        self.recorder.record("window", name=name, since=since, until=time.monotonic(), **threshold)

    def use(self, cluster: Cluster, people: People) -> None:
        """Use another cluster for the rest of the run."""
        self.cluster, self.people = cluster, people

    async def wait_until_caught_up(self, clients: list[SocketClient]) -> None:
        """Wait until these clients and the observers have seen the last event of their rooms."""
        timeout = self.scaled(CATCH_UP_TIMEOUT)
        if self.workload is not None and await self.workload.wait_until_caught_up(timeout, clients) is None:
            self.violations.append(f"some clients had not caught up {timeout:g} s after the last message")

    def allow_duplicates(self) -> None:
        """Allow duplicates, because the scenario kills processes: a client can then return with an older offset than
        the last event that it received."""
        self.thresholds[DUPLICATES] = 1.0

    def scaled(self, seconds: float) -> float:
        """Return a time limit multiplied by `patience`."""
        return seconds * self.patience

    def report(self, name: str, value: float, unit: str = "", **threshold: float) -> None:
        self.metrics.append(Metric(name, value, unit, **threshold))

    def log_fault(self, what: str) -> None:
        """Record in the history that a fault is injected."""
        self.recorder.record("fault", what=what)

    async def pause(self, minimum: float, maximum: float) -> None:
        await asyncio.sleep(self.rng.uniform(minimum, maximum))
