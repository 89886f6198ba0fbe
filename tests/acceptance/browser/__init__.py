"""A browser with the guide's client in its tabs, for tests to use and to look at."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.harness.node import NodeProcess, running

SCRIPT = Path(__file__).with_name("browser.mjs")
WAIT = 60.0
"""Seconds after which a test gives up waiting for something that should happen at once, on a busy machine too."""


class Tab:
    """A tab on a server's page. It keeps everything that its socket saw, in order."""

    def __init__(self, name: str, order: Callable[[dict[str, Any]], None]) -> None:
        self._name, self._order = name, order
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._numbers = count(1)
        self._taken: set[int] = set()
        self._crashed: str | None = None
        self.seen: list[tuple[str, Any]] = []
        """Every event and its payload, those of the connection (`connect`, `disconnect`, …) included."""

    def __str__(self) -> str:
        """Its history in short, for failures."""
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

    # What the tab does

    def do(self, action: str, *args: Any) -> Any:
        """One of the actions of tab.mjs; answers its result."""
        number = self.begin(action, *args)
        return self.result(number)

    def begin(self, action: str, *args: Any) -> int:
        """An action whose result is asked for later."""
        number = next(self._numbers)
        self._order({"tab": self._name, "id": number, "action": action, "args": args})
        return number

    def result(self, number: int) -> Any:
        self._wait(lambda: number in self._answers, lambda: f"no answer; {self}")
        answer = self._answers.pop(number)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def ask(self, event: str, *args: Any) -> dict[str, Any]:
        """Emit with an acknowledgement, and answer with that."""
        return self.do("ask", event, *args)

    def emit(self, event: str, *args: Any) -> None:
        """Emit without one."""
        self.do("emit", event, *args)

    def close(self) -> None:
        self._order({"tab": self._name, "close": True})

    # What the tab sees

    def expect(self, event: str, **members: Any) -> Any:
        """Wait for the next such event that was not taken yet, with these members in its payload, and take it."""
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
        """The payloads of these events so far, in order."""
        return [payload for name, payload in self.seen if name in events]

    def names(self, *events: str) -> list[str]:
        """The names of those of these events that were seen, in order."""
        return [name for name, _ in self.seen if name in events]


def _has(payload: Any, members: dict[str, Any]) -> bool:
    return all(isinstance(payload, dict) and payload.get(name) == value for name, value in members.items())


class Browser:
    """Opens tabs; all of them live in one Node process."""

    def __init__(self, process: NodeProcess) -> None:
        self._process = process
        self._tabs: dict[str, Tab] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._process.lines():
            self._tabs[line.pop("tab")].told(line)

    def tab(self, url: str, token: str | None = None) -> Tab:
        """A new tab on a server's page, in whose storage the token is."""
        name = f"tab {len(self._tabs) + 1}"
        self._tabs[name] = tab = Tab(name, self._process.send)
        self._process.send({"tab": name, "open": {"url": url, "token": token}})
        return tab

    def closed(self) -> None:
        """Wait until nothing more can come from the process, which has ended."""
        self._listener.join(WAIT)


@contextmanager
def browser(log: Path) -> Iterator[Browser]:
    """What the clients write to their consoles goes into `log`."""
    with running(SCRIPT, log=log) as process:
        opened = Browser(process)
        yield opened
    opened.closed()
