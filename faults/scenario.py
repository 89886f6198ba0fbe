"""What a scenario is, and what it is given to play with."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from faults.api import Api
from faults.clients import SocketClient
from faults.figures import Figure
from faults.history import History
from faults.measures import AGAIN
from faults.people import People
from faults.stage import Stage
from faults.state import State
from faults.traffic import Traffic, flowing
from tests.harness.people import Account

SETTLE_TIMEOUT = 30.0


@dataclass(eq=False)
class Play:
    """One scenario being played: `messages` is how many it sends, `quick` asks for fewer repetitions; `patience` is by
    how much longer than on a machine of its own everything may take."""

    stage: Stage
    people: People
    history: History
    api: Api
    session: aiohttp.ClientSession
    rng: random.Random
    messages: int
    rate: float
    senders: int
    quick: bool
    patience: float = 1.0
    figures: list[Figure] = field(default_factory=list)
    bars: dict[str, float] = field(default_factory=dict)
    """The most that a figure which every scenario has may be in this one, by its name."""
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    traffic: Traffic | None = None
    clients: list[SocketClient] = field(default_factory=list)
    state: State | None = None
    """What the database holds at the end, where that is not the one of the common stage."""

    @asynccontextmanager
    async def traffic_flowing(
        self, share: float = 1.0, rate: float | None = None, people: People | None = None, **options: Any
    ) -> AsyncIterator[Traffic]:
        """Observers watch and messages flow while the block runs; afterwards all is healed and comes to rest."""
        traffic = await self.watching(share, rate, people, **options)
        async with flowing(traffic):
            yield traffic
            self.stage.heal()
        await self.settle([])
        if traffic.unacked:
            self.findings.append(f"{traffic.unacked} messages were never acknowledged")

    async def watching(
        self, share: float = 1.0, rate: float | None = None, people: People | None = None, **options: Any
    ) -> Traffic:
        """Observers watch; nothing flows yet."""
        self.traffic = Traffic(
            stage=self.stage,
            people=people or self.people,
            history=self.history,
            api=self.api,
            session=self.session,
            rng=self.rng,
            messages=max(1, round(share * self.messages)),
            rate=rate or self.rate,
            senders=self.senders,
            **options,
        )
        await self.traffic.watch()
        return self.traffic

    def client(self, name: str, person: Account, door: int, **options: Any) -> SocketClient:
        """A client beside those of the traffic, stopped at the end like them."""
        client = SocketClient(
            name=name,
            person=person,
            base=self.stage.seats[door % len(self.stage.seats)].url,
            history=self.history,
            session=self.session,
            **options,
        )
        self.clients.append(client)
        return client

    async def stop(self) -> None:
        await asyncio.gather(*(client.stop() for client in self.clients))
        if self.traffic is not None:
            await self.traffic.stop()

    @contextmanager
    def measured(
        self, name: str, most: float | None = None, *, than: str | None = None, times: float = 1.2
    ) -> Iterator[None]:
        """Delivery of what is sent in the block becomes a figure, in milliseconds at the 99th percentile; its bar is
        `most`, or so many times what another block measured. Blocks of one name are measured together."""
        since = time.monotonic()
        yield
        bar = {"most": most, "than": than, "times": times}
        self.history.record("window", name=name, since=since, until=time.monotonic(), **bar)

    def use(self, stage: Stage, people: People) -> None:
        """Play on another stage from here on."""
        self.stage, self.people = stage, people

    async def settle(self, clients: list[SocketClient]) -> None:
        """Wait until these, and the observers, have seen the end of their rooms."""
        timeout = self.within(SETTLE_TIMEOUT)
        if self.traffic is not None and await self.traffic.settle(timeout, clients) is None:
            self.findings.append(f"not every client had caught up {timeout:g} s after the last message")

    def may_repeat(self) -> None:
        """Processes are killed: what a client had of an event then may be too little to tell."""
        self.bars[AGAIN] = 1.0

    def within(self, seconds: float) -> float:
        """What a bound becomes by this play's patience."""
        return seconds * self.patience

    def figure(self, name: str, value: float, unit: str = "", **bar: float) -> None:
        self.figures.append(Figure(name, value, unit, **bar))

    def fault(self, what: str) -> None:
        """Note in the history what is done now."""
        self.history.record("fault", what=what)

    async def pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self.rng.uniform(least, most))


@dataclass(frozen=True)
class Scenario:
    """`play` does it; what the properties say of the history is judged afterwards, for every scenario alike."""

    name: str
    what: str
    play: Callable[[Play], Awaitable[None]]


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, what: str) -> Callable[[Callable[[Play], Awaitable[None]]], Callable[[Play], Awaitable[None]]]:
    def register(play: Callable[[Play], Awaitable[None]]) -> Callable[[Play], Awaitable[None]]:
        SCENARIOS[name] = Scenario(name, what, play)
        return play

    return register
