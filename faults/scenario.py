"""What a scenario is, and what it is given to play with."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from faults.api import Api
from faults.figures import Figure
from faults.history import History
from faults.people import People
from faults.stage import Stage
from faults.traffic import Traffic, flowing


@dataclass(eq=False)
class Play:
    """One scenario being played: `messages` is how many it sends, `quick` asks for fewer repetitions."""

    stage: Stage
    people: People
    history: History
    api: Api
    session: aiohttp.ClientSession
    rng: random.Random
    messages: int
    rate: float
    quick: bool
    figures: list[Figure] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    traffic: Traffic | None = None

    @asynccontextmanager
    async def traffic_flowing(self, share: float = 1.0, rate: float | None = None) -> AsyncIterator[Traffic]:
        """Observers watch and messages flow while the block runs; afterwards all is healed and comes to rest."""
        self.traffic = Traffic(
            stage=self.stage,
            people=self.people,
            history=self.history,
            api=self.api,
            session=self.session,
            rng=self.rng,
            messages=max(1, round(share * self.messages)),
            rate=rate or self.rate,
        )
        await self.traffic.watch()
        async with flowing(self.traffic):
            yield self.traffic
            self.stage.heal()
        settled = await self.traffic.settle()
        if settled is None:
            self.findings.append("not every observer had caught up 30 s after the last message")
        if self.traffic.unacked:
            self.findings.append(f"{self.traffic.unacked} messages were never acknowledged")

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
