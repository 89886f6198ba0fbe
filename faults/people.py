"""The users of a run, and the direct conversations of which each takes part in several."""

import asyncio
from dataclasses import dataclass

from faults.clients.rest_client import RestClient
from faults.cluster.cluster import Cluster
from tests.harness.people import Account

NEIGHBOURS = 3
"""With so many of the next users each has a conversation."""


@dataclass(eq=False)
class People:
    accounts: list[Account]
    pairs: dict[str, tuple[Account, Account]]
    """The participants of each conversation."""

    @property
    def conversations(self) -> list[str]:
        return list(self.pairs)

    def of(self, person: Account) -> tuple[str, ...]:
        """The conversations that this user takes part in."""
        return tuple(one for one, participants in self.pairs.items() if person in participants)


async def create_people(cluster: Cluster, rest: RestClient, number: int) -> People:
    urls = [node.url for node in cluster.nodes]
    accounts = await asyncio.gather(
        *(rest.register(urls[one % len(urls)], ("brand_owner", "influencer")[one % 2]) for one in range(number))
    )
    pairs: dict[str, tuple[Account, Account]] = {}
    for one in range(number):
        for distance in range(1, min(NEIGHBOURS, (number - 1) // 2) + 1):
            first, second = accounts[one], accounts[(one + distance) % number]
            pairs[await rest.open_direct(urls[one % len(urls)], first, second)] = (first, second)
    return People(list(accounts), pairs)
