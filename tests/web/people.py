"""People with a client of the REST API, for what happens beside the browser."""

from dataclasses import dataclass
from typing import Any, Self

import httpx

PASSWORD = "correct-Horse-7"


@dataclass(frozen=True)
class Person:
    url: str
    email: str
    name: str
    id: str
    tokens: dict[str, Any]

    @classmethod
    def registered(cls, url: str, role: str, name: str, number: int) -> Self:
        given = {"email": f"{name.lower()}{number}@web.example", "password": PASSWORD, "name": name, "role": role}
        answer = httpx.post(f"{url}/api/auth/register", json=given)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        tokens = {key: body[key] for key in ("user", "access", "refresh")}
        return cls(url, given["email"], name, body["user"]["id"], tokens)

    def asks(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.tokens['access']}"}
        answer = httpx.request(method, f"{self.url}/api{path}", json=body, headers=headers, timeout=30)
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
