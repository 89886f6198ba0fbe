"""The tabs of one user, which run the guide's client."""

from dataclasses import replace

from tests.acceptance.browser import Browser, Tab
from tests.harness.people import Person


class Tabs:
    """Opens tabs with a token in their storage, on pages of the server at `url` unless another URL is passed."""

    def __init__(self, browser: Browser, url: str, token: str) -> None:
        self._browser, self.url, self._token = browser, url, token
        self._open: list[Tab] = []

    def tab(self, url: str | None = None) -> Tab:
        """Open a tab that has not connected yet."""
        tab = self._browser.tab(url or self.url, self._token)
        self._open.append(tab)
        return tab

    def connected(self, url: str | None = None) -> Tab:
        """Open a tab that is connected through the guide's socket service."""
        tab = self.tab(url)
        tab.do("connect", self._token)
        tab.expect("connect")
        return tab

    def joined(self, conversation_id: str, url: str | None = None) -> Tab:
        """Open a connected tab that has joined the room of a conversation."""
        tab = self.connected(url)
        assert tab.ask("join_conversation", {"conversationId": conversation_id})["success"]
        return tab

    def close(self) -> None:
        """Close all tabs."""
        for tab in self._open:
            tab.close()


def with_tabs(browser: Browser, url: str, person: Person) -> Person:
    """Return the same user with tabs of this browser on the server at `url`."""
    return replace(person, tabs=Tabs(browser, url, person.access))
