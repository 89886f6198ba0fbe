"""A browser whose tabs run the guide's client, for tests to control and observe."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.harness.node import NodeProcess, running

SCRIPT = Path(__file__).with_name("browser.mjs")
WAIT = 60.0
"""Seconds to wait for something that should happen at once; long enough for a busy machine."""


class Tab:
    """A tab on a page of a server. It records everything that its socket receives, in order."""

    def __init__(self, name: str, order: Callable[[dict[str, Any]], None]) -> None:
        self._name, self._order = name, order
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._numbers = count(1)
        self._taken: set[int] = set()
        self._crashed: str | None = None
        self.seen: list[tuple[str, Any]] = []
        """Every event with its payload, including the events of the connection (`connect`, `disconnect`, …)."""

    def __str__(self) -> str:
        """Return a short history of the tab, for failure messages."""
        return f"{self._name} saw" + "".join(f"\n  {name} {payload!s:.300}" for name, payload in self.seen)

    def told(self, line: dict[str, Any]) -> None:
        with self._changed:
            if "event" in line:
                self.seen.append((line["event"], (line["args"] or [None])[0]))
            elif "crashed" in line:
                self._crashed = line["crashed"]
            else:
                self._answers[line["id"]] = line
            self._changed.notify_all()

    def _wait(self, ready: Callable[[], bool], what: Callable[[], str]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._crashed or ready(), WAIT), what()
        assert not self._crashed, self._crashed

    # --- Orders to the tab ---

    def do(self, action: str, *args: Any) -> Any:
        """Run one of the actions of tab.mjs and return its result."""
        number = self.begin(action, *args)
        return self.result(number)

    def begin(self, action: str, *args: Any) -> int:
        """Start an action whose result is read later."""
        number = next(self._numbers)
        self._order({"tab": self._name, "id": number, "action": action, "args": args})
        return number

    def result(self, number: int) -> Any:
        self._wait(lambda: number in self._answers, lambda: f"no answer; {self}")
        answer = self._answers.pop(number)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def ask(self, event: str, *args: Any) -> dict[str, Any]:
        """Emit an event with an acknowledgement and return the acknowledgement."""
        return self.do("ask", event, *args)

    def emit(self, event: str, *args: Any) -> None:
        """Emit an event without an acknowledgement."""
        self.do("emit", event, *args)

    def close(self) -> None:
        self._order({"tab": self._name, "close": True})

    # --- Events that the tab received ---

    def expect(self, event: str, **members: Any) -> Any:
        """Wait for an event with these members that no earlier call returned, and return its payload."""
        self._wait(lambda: self._find(event, members) is not None, lambda: f"no {event} {members}; {self}")
        place = self._find(event, members)
        self._taken.add(place)
        return self.seen[place][1]

    def _find(self, event: str, members: dict[str, Any]) -> int | None:
        for place, (name, payload) in enumerate(self.seen):
            if name == event and place not in self._taken and _has(payload, members):
                return place
        return None

    def all(self, *events: str) -> list[Any]:
        """Return the payloads of all these events so far, in order."""
        return [payload for name, payload in self.seen if name in events]

    def names(self, *events: str) -> list[str]:
        """Return the names of received events in order, limited to these names."""
        return [name for name, _ in self.seen if name in events]


def _has(payload: Any, members: dict[str, Any]) -> bool:
    return all(isinstance(payload, dict) and payload.get(name) == value for name, value in members.items())


class Browser:
    """A factory for tabs. All tabs live in one Node process."""

    def __init__(self, process: NodeProcess) -> None:
        self._process = process
        self._tabs: dict[str, Tab] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._process.lines():
            self._tabs[line.pop("tab")].told(line)

    def tab(self, url: str, token: str | None = None) -> Tab:
        """Open a new tab on a server's page with the token in its storage."""
        name = f"tab {len(self._tabs) + 1}"
        self._tabs[name] = tab = Tab(name, self._process.send)
        self._process.send({"tab": name, "open": {"url": url, "token": token}})
        return tab

    def closed(self) -> None:
        """Wait until the output of the ended process has been read completely."""
        self._listener.join(WAIT)


@contextmanager
def browser(log: Path) -> Iterator[Browser]:
    """Run a browser; what its clients write to their consoles is written to `log`."""
    with running(SCRIPT, log=log) as process:
        opened = Browser(process)
        yield opened
    opened.closed()
