"""People of a running installation, many made at once: a command for each would take its time."""

import json
from collections import defaultdict

from tests.harness.people import Person
from tests.harness.rest import Api, OverHttp
from tests.harness.servers import Installation

Wanted = tuple[str, str]
"""A role and a name."""


class Crowd:
    """People who are logged in and have not done anything yet; `at_once` says how many of whom one command makes."""

    def __init__(self, installation: Installation, at_once: dict[Wanted, int]) -> None:
        self._installation, self._at_once = installation, at_once
        self._waiting: dict[Wanted, list[dict[str, str]]] = defaultdict(list)

    def somebody(self, role: str, name: str, url: str) -> Person:
        """Somebody new, who uses the server at `url`."""
        waiting = self._waiting[role, name]
        if not waiting:
            at_once = [one for one, number in self._at_once.items() for _ in range(number)]
            self._make(at_once if (role, name) in self._at_once else [(role, name)])
        account = waiting.pop()
        return Person(**account, api=Api(account["access"], OverHttp(url)))

    def all_of(self, role: str, *names: str, url: str) -> list[Person]:
        """New people with these names, made by one command."""
        self._make([(role, name) for name in names])
        return [self.somebody(role, name, url) for name in names]

    def _make(self, wanted: list[Wanted]) -> None:
        code = f"import json; from tests.harness.making import make_people; print(json.dumps(make_people({wanted})))"
        for one in json.loads(self._installation.shell(code)):
            self._waiting[one["role"], one["name"]].append(one)
