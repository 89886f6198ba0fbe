"""Every event and command of the application, declared once.

From the declarations come the handlers, the checks of every emitted payload, `docs/events.md` and the AsyncAPI
document.
"""

import inspect
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from foundation.schemas import RequestSchema, Schema


@dataclass(frozen=True)
class Event:
    """What the server sends.

    `room` is the pattern of the rooms it goes to, for the reader (`conversation_<id>`); `logged` events are
    numbered, stored and replayed, the others are not. `example` is a payload that the documents show.
    """

    name: str
    payload: type[Schema]
    room: str
    when: str
    logged: bool
    example: dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Who sends a command: `sid` is the socket, `user` whatever the application's `authenticate` returned for it."""

    sid: str
    user_id: uuid.UUID
    user: Any
    session_id: uuid.UUID


@dataclass(frozen=True)
class Command:
    """What a client sends.

    `handler(caller, request)` returns the members of the acknowledgement beside `success`, or raises a
    `DomainError`; it is a plain function, run in a database thread, unless it is a coroutine function. `bare` names
    the field of the request that may be sent alone instead of an object.
    """

    name: str
    request: type[RequestSchema]
    response: type[Schema]
    handler: Callable[[Caller, Any], Any]
    summary: str
    example: Any
    aliases: tuple[str, ...] = field(default=())
    bare: str | None = None

    @cached_property
    def is_asynchronous(self) -> bool:
        return inspect.iscoroutinefunction(self.handler)


class Registry:
    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.commands: dict[str, Command] = {}

    def event(self, event: Event) -> Event:
        """Declare an event. A name that is taken is a `ValueError`."""
        if event.name in self.events:
            raise ValueError(f"The event {event.name} is declared twice.")
        self.events[event.name] = event
        return event

    def command(self, command: Command) -> Command:
        """Declare a command under its name and its aliases. A name that is taken is a `ValueError`."""
        for name in (command.name, *command.aliases):
            if name in self.commands:
                raise ValueError(f"The command {name} is declared twice.")
            self.commands[name] = command
        return command


registry = Registry()
