"""People who use a running installation, by REST and with the guide's client."""

from typing import Any

import httpx

from tests.acceptance.browser import WAIT, Browser, Tab


class Person:
    """Somebody who is logged in, and the server that this person uses."""

    def __init__(self, url: str, browser: Browser, *, id: str, role: str, token: str, **more: str) -> None:
        self.url, self._browser = url, browser
        self.id, self.role, self.token = id, role, token
        self.email, self.refresh, self.expired = more["email"], more["refresh"], more["expired"]
        self._tabs: list[Tab] = []
        self.http = self.client(url)

    def leave(self) -> None:
        """Close everything that is open."""
        self.http.close()
        for tab in self._tabs:
            tab.close()

    # With a browser

    def tab(self, url: str | None = None) -> Tab:
        """A tab in whose storage this person's token is."""
        tab = self._browser.tab(url or self.url, self.token)
        self._tabs.append(tab)
        return tab

    def connected(self, url: str | None = None) -> Tab:
        """A tab that the guide's socket service has connected."""
        tab = self.tab(url)
        tab.do("connect", self.token)
        tab.expect("connect")
        return tab

    def joined(self, conversation_id: str, url: str | None = None) -> Tab:
        """A connected tab in the room of a conversation."""
        tab = self.connected(url)
        assert tab.ask("join_conversation", {"conversationId": conversation_id})["success"]
        return tab

    # By REST

    def client(self, url: str) -> httpx.Client:
        """One that sends this person's token to a server."""
        # No TLS here, and reading the certificates of a machine takes longer than most tests.
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {self.token}"}, timeout=WAIT, verify=False)

    def post(self, path: str, body: Any = None) -> httpx.Response:
        return self.http.post(path, json={} if body is None else body)

    def reads(self, path: str, **params: Any) -> dict[str, Any]:
        """What a successful GET answers."""
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def opens(self, **given: Any) -> dict[str, Any]:
        """The `conversation` of `POST /api/conversations`."""
        answer = self.post("/api/conversations", given)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()["conversation"]

    def chats_with(self, other: "Person") -> str:
        """The id of the direct conversation of these two."""
        return self.opens(conversation_type="direct", user_id=other.id)["id"]

    def says(self, conversation_id: str, text: str = "Hello!", **more: Any) -> dict[str, Any]:
        """The `message` of `POST /api/messages`."""
        answer = self.post("/api/messages", {"conversation_id": conversation_id, "message": text, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["message"]
