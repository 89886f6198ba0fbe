"""Users of a running installation, created in batches because a command for each user would be slow."""

import json
from collections import defaultdict

from tests.harness.people import Person
from tests.harness.rest import Api, OverHttp
from tests.harness.servers import Installation

Wanted = tuple[str, str]
"""A role and a name."""


class UserPool:
    """New logged-in users; `batch` lists the roles and names of the users that one command creates."""

    def __init__(self, installation: Installation, batch: dict[Wanted, int]) -> None:
        self._installation, self._batch = installation, batch
        self._waiting: dict[Wanted, list[dict[str, str]]] = defaultdict(list)

    def new_user(self, role: str, name: str, url: str) -> Person:
        """Return a new user who uses the server at `url`."""
        waiting = self._waiting[role, name]
        if not waiting:
            batch = [one for one, number in self._batch.items() for _ in range(number)]
            self._create(batch if (role, name) in self._batch else [(role, name)])
        account = waiting.pop()
        return Person(**account, api=Api(account["access"], OverHttp(url)))

    def new_users(self, role: str, *names: str, url: str) -> list[Person]:
        """Return new users with these names, created by one command."""
        self._create([(role, name) for name in names])
        return [self.new_user(role, name, url) for name in names]

    def _create(self, wanted: list[Wanted]) -> None:
        code = f"import json; from tests.harness.shell import create_users; print(json.dumps(create_users({wanted})))"
        for one in json.loads(self._installation.shell(code)):
            self._waiting[one["role"], one["name"]].append(one)
