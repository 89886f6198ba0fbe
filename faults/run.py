"""The run of a scenario: the cluster, the clients and the workload that it has at hand, and what it reports."""

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
    """A run of one scenario. `messages` is how many its workload sends, `quick` asks for fewer repetitions; everything
    may take `patience` times as long as on a machine that has nothing else to do."""

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
    """Maxima of metrics that every scenario has, for this one, by their names."""
    violations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    workload: Workload | None = None
    clients: list[SocketClient] = field(default_factory=list)
    final_state: FinalState | None = None
    """Of another cluster than the common one, where the scenario has used one."""

    @asynccontextmanager
    async def workload_running(
        self, share: float = 1.0, rate: float | None = None, people: People | None = None, **options: Any
    ) -> AsyncIterator[Workload]:
        """Send messages to observers while the block runs; afterwards the cluster heals, and clients catch up."""
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
        """Connect observers of the workload; nothing is sent yet."""
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
        """A client beside those of the workload, stopped at the end like them."""
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
        """Measure how late messages that are sent in the block are delivered: milliseconds at the 99th percentile. The
        threshold is `maximum`, or `factor` times what the block named `baseline` measured. Blocks of one name are
        measured together."""
        since = time.monotonic()
        yield
        threshold = {"maximum": maximum, "baseline": baseline, "factor": factor}
        self.recorder.record("window", name=name, since=since, until=time.monotonic(), **threshold)

    def use(self, cluster: Cluster, people: People) -> None:
        """Go on with another cluster."""
        self.cluster, self.people = cluster, people

    async def wait_until_caught_up(self, clients: list[SocketClient]) -> None:
        """Wait until these clients and the observers have seen the last event of their rooms."""
        timeout = self.scaled(CATCH_UP_TIMEOUT)
        if self.workload is not None and await self.workload.wait_until_caught_up(timeout, clients) is None:
            self.violations.append(f"not every client had caught up {timeout:g} s after the last message")

    def allow_duplicates(self) -> None:
        """Processes are killed, so clients may return with an older offset than they have seen."""
        self.thresholds[DUPLICATES] = 1.0

    def scaled(self, seconds: float) -> float:
        """A bound, as the patience of this run extends it."""
        return seconds * self.patience

    def report(self, name: str, value: float, unit: str = "", **threshold: float) -> None:
        self.metrics.append(Metric(name, value, unit, **threshold))

    def log_fault(self, what: str) -> None:
        """Record in the history what is injected now."""
        self.recorder.record("fault", what=what)

    async def pause(self, minimum: float, maximum: float) -> None:
        await asyncio.sleep(self.rng.uniform(minimum, maximum))
