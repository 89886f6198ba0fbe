"""Who talks to whom: users, and direct conversations in which each of them takes part in several."""

import asyncio
from dataclasses import dataclass

from faults.api import Api, Person
from faults.stage import Stage

REACH = 3
"""With how many of the next ones each person has a conversation."""


@dataclass(eq=False)
class People:
    everybody: list[Person]
    pairs: dict[str, tuple[Person, Person]]
    """Both sides of each conversation."""

    @property
    def conversations(self) -> list[str]:
        return list(self.pairs)


async def settle_people(stage: Stage, api: Api, number: int) -> People:
    urls = [seat.url for seat in stage.seats]
    everybody = await asyncio.gather(
        *(api.register(urls[one % len(urls)], ("brand_owner", "influencer")[one % 2]) for one in range(number))
    )
    pairs: dict[str, tuple[Person, Person]] = {}
    for one in range(number):
        for distance in range(1, min(REACH, (number - 1) // 2) + 1):
            first, second = everybody[one], everybody[(one + distance) % number]
            pairs[await api.open_direct(urls[one % len(urls)], first, second)] = (first, second)
    return People(list(everybody), pairs)
