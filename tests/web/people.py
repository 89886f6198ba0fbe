"""People with a client of the REST API, for what happens beside the browser."""

import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import count
from typing import Any, Self

import httpx

from tests.harness.servers import RunningServer

PASSWORD = "correct-Horse-7"
PATIENCE = 60
"""Seconds for an answer of a server that has much else to do."""

AT_ONCE = {
    ("brand_owner", "Anaya"): 80,
    ("influencer", "Mira"): 80,
    ("influencer", "Dev"): 8,
    ("influencer", "Tara"): 8,
}
"""Who is made at once by one command: most tests are about them."""

_numbers = count(1)


@dataclass(frozen=True)
class Person:
    url: str
    email: str
    name: str
    id: str
    tokens: dict[str, Any]

    @classmethod
    def registered(cls, url: str, role: str, name: str) -> Self:
        """Somebody who has registered, with `PASSWORD`."""
        email = f"{name.lower()}{next(_numbers)}@web.example"
        given = {"email": email, "password": PASSWORD, "name": name, "role": role}
        answer = httpx.post(f"{url}/api/auth/register", json=given, timeout=PATIENCE)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        return cls(url, email, name, body["user"]["id"], {key: body[key] for key in ("user", "access", "refresh")})

    def asks(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.tokens['access']}"}
        answer = httpx.request(method, f"{self.url}/api{path}", json=body, headers=headers, timeout=PATIENCE)
        assert answer.is_success, answer.text
        return answer.json()

    def opens(self, other: Self, kind: str = "direct", **fields: Any) -> str:
        """The id of a conversation with somebody."""
        given = {"conversation_type": kind, "user_id": other.id} | fields
        return self.asks("POST", "/conversations", given)["conversation"]["id"]

    def says(self, conversation_id: str, text: str, **fields: Any) -> dict[str, Any]:
        body = {"conversation_id": conversation_id, "message": text} | fields
        return self.asks("POST", "/messages", body)["message"]

    def sees(self, conversation_id: str) -> dict[str, Any]:
        return self.asks("GET", f"/conversations/{conversation_id}")["conversation"]

    def acts(self, conversation_id: str, action: str, **data: Any) -> dict[str, Any]:
        return self.asks("POST", f"/conversations/{conversation_id}/actions", {"action": action, "data": data})

    def reads(self, conversation_id: str) -> None:
        self.asks("POST", f"/conversations/{conversation_id}/read", {"up_to": 2**31})

    def messages(self, conversation_id: str) -> list[dict[str, Any]]:
        return self.asks("GET", f"/conversations/{conversation_id}/messages?limit=200")["results"]


class Crowd:
    """People of a running server who are signed in and have not done anything yet, many made at once."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._waiting: dict[tuple[str, str], list[Person]] = defaultdict(list)

    def somebody(self, role: str, name: str) -> Person:
        waiting = self._waiting[role, name]
        if not waiting:
            at_once = [one for one, number in AT_ONCE.items() for _ in range(number)]
            self._make(at_once if (role, name) in AT_ONCE else [(role, name)])
        return waiting.pop()

    def _make(self, wanted: list[tuple[str, str]]) -> None:
        code = f"import json; from tests.acceptance.making import make_people; print(json.dumps(make_people({wanted})))"
        for one in json.loads(self._server.installation.shell(code)):
            tokens = {
                "user": {key: one[key] for key in ("id", "email", "name", "role")},
                "access": one["token"],
                "refresh": one["refresh"],
            }
            person = Person(self._server.url, one["email"], one["name"], one["id"], tokens)
            self._waiting[one["role"], one["name"]].append(person)
