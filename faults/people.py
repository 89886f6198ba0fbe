"""Who talks to whom: users, and direct conversations in which each of them takes part in several."""

import asyncio
from dataclasses import dataclass

from faults.api import Api
from faults.stage import Stage
from tests.harness.people import Account

REACH = 3
"""With how many of the next ones each person has a conversation."""


@dataclass(eq=False)
class People:
    everybody: list[Account]
    pairs: dict[str, tuple[Account, Account]]
    """Both sides of each conversation."""

    @property
    def conversations(self) -> list[str]:
        return list(self.pairs)

    def of(self, person: Account) -> tuple[str, ...]:
        """The conversations that somebody takes part in."""
        return tuple(one for one, sides in self.pairs.items() if person in sides)


async def settle_people(stage: Stage, api: Api, number: int) -> People:
    urls = [seat.url for seat in stage.seats]
    everybody = await asyncio.gather(
        *(api.register(urls[one % len(urls)], ("brand_owner", "influencer")[one % 2]) for one in range(number))
    )
    pairs: dict[str, tuple[Account, Account]] = {}
    for one in range(number):
        for distance in range(1, min(REACH, (number - 1) // 2) + 1):
            first, second = everybody[one], everybody[(one + distance) % number]
            pairs[await api.open_direct(urls[one % len(urls)], first, second)] = (first, second)
    return People(list(everybody), pairs)
