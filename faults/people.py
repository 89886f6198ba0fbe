"""The users of a run, and their direct conversations."""

import asyncio
from dataclasses import dataclass

from faults.clients.rest_client import RestClient
from faults.cluster.cluster import Cluster
from tests.harness.people import Account

NEIGHBOURS = 3
"""The number of following users with whom each user has a conversation."""


@dataclass(eq=False)
class People:
    accounts: list[Account]
    pairs: dict[str, tuple[Account, Account]]
    """The two participants of each conversation, by its id."""

    @property
    def conversations(self) -> list[str]:
        return list(self.pairs)

    def of(self, person: Account) -> tuple[str, ...]:
        """Return the conversations of this user."""
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
