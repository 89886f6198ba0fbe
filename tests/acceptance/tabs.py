"""The tabs of one person, with the guide's client."""

from dataclasses import replace

from tests.acceptance.browser import Browser, Tab
from tests.harness.people import Person


class Tabs:
    """Opens tabs in whose storage a token is, on the pages of the server at `url` if no other is named."""

    def __init__(self, browser: Browser, url: str, token: str) -> None:
        self._browser, self.url, self._token = browser, url, token
        self._open: list[Tab] = []

    def tab(self, url: str | None = None) -> Tab:
        """One that has not connected yet."""
        tab = self._browser.tab(url or self.url, self._token)
        self._open.append(tab)
        return tab

    def connected(self, url: str | None = None) -> Tab:
        """A tab that the guide's socket service has connected."""
        tab = self.tab(url)
        tab.do("connect", self._token)
        tab.expect("connect")
        return tab

    def joined(self, conversation_id: str, url: str | None = None) -> Tab:
        """A connected tab in the room of a conversation."""
        tab = self.connected(url)
        assert tab.ask("join_conversation", {"conversationId": conversation_id})["success"]
        return tab

    def close(self) -> None:
        """Close all of them."""
        for tab in self._open:
            tab.close()


def with_tabs(browser: Browser, url: str, person: Person) -> Person:
    """The same person, who opens tabs of this browser on the server at `url`."""
    return replace(person, tabs=Tabs(browser, url, person.access))
