"""Declarations of events and commands. The application declares each event and each command once.

The handlers, the checks of every emitted payload, `docs/events.md` and the AsyncAPI document use the declarations.
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
    """An event that the server sends.

    `room` is the pattern of the rooms that receive the event (`conversation_<id>`), and `when` says when it is sent;
    both are for the documents. Logged events are numbered, stored and replayed; other events are not. `example` is a
    payload for the documents.
    """

    name: str
    payload: type[Schema]
    room: str
    when: str
    logged: bool
    example: dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """The sender of a command. `sid` is the id of the socket; `user` is returned by the application's
    `authenticate`."""

    sid: str
    user_id: uuid.UUID
    user: Any
    session_id: uuid.UUID


@dataclass(frozen=True)
class Command:
    """A command that a client sends.

    `handler(caller, request)` returns the members of the acknowledgement besides `success`, or raises a `DomainError`.
    A coroutine function runs in the event loop; any other function runs in a database thread. `bare` is the name of a
    request field whose string value may be sent instead of an object. `summary` and `example` are for the documents.
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
        """Declare an event, and return it. Raises `ValueError` if the name is already declared."""
        if event.name in self.events:
            raise ValueError(f"The event {event.name} is already declared.")
        self.events[event.name] = event
        return event

    def command(self, command: Command) -> Command:
        """Declare a command under its name and its aliases, and return it. Raises `ValueError` if a name is already
        declared."""
        for name in (command.name, *command.aliases):
            if name in self.commands:
                raise ValueError(f"The command {name} is already declared.")
            self.commands[name] = command
        return command


registry = Registry()
