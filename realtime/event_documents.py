"""The documents that are generated from the declarations: the pages about events and commands, and AsyncAPI."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, create_model
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from foundation.schemas import Schema
from realtime.declarations import Command, Event, Registry
from realtime.schema_examples import example_of

_REFERENCE = "#/components/schemas/{model}"


_ROOM_PAGE, _COMMANDS_PAGE = "events/{page}.md", "events/commands.md"
_LIST = """\
# Events and commands

`make documents` generates this page and the pages that it links to from the declarations in the code. The schemas are
in [asyncapi.json](asyncapi.json).

## Events: from the server

Logged events are numbered, stored and replayed. The `seq` of a logged event is its number in the room's log. The last
argument of the event is a string for connection state recovery, which handlers can ignore; a client that connects with
`offsets: false` receives no such string. Clients can miss the other events.

| Event | Sent to | Logged |
|---|---|---|
{events}

## Commands: to the server

The server answers each command in the acknowledgement, if the client requests one: `{{success: true, …}}` or
`{{success: false, code, message, …}}`. Keys may be in snake_case or camelCase.

| Command | Also called |
|---|---|
{commands}
"""

REFUSED = "command_refused"
_REFUSAL_EXAMPLE = {"success": False, "code": "not_found", "message": "There is no such conversation."}


class FailedAcknowledgement(Schema):
    """The answer to a command that is refused. Some errors have further members, as in the REST API."""

    success: Literal[False]
    code: str
    message: str
    errors: dict[str, list[str]] | None = None
    retry_after: float | None = None


RoomPages = dict[str, tuple[str, ...]]
"""The rooms whose events a page describes, by the name of the page under `docs/events/`."""


def _events(registry: Registry, rooms: Collection[str] | None = None) -> list[Event]:
    """Return the events to these rooms, or all events, by name."""
    events = sorted(registry.events.values(), key=lambda event: event.name)
    return [event for event in events if rooms is None or event.room in rooms]


def _commands(registry: Registry) -> list[Command]:
    """Return each command once, even if it has aliases."""
    return [registry.commands[name] for name in sorted({one.name for one in registry.commands.values()})]


def _room(event: Event) -> str:
    """Return the room of an event. Patterns such as `user_<id>` are code, anything else is plain text."""
    return f"`{event.room}`" if "<" in event.room else event.room


def _link(name: str, page: str) -> str:
    return f"[`{name}`]({page}#{name})"


def _section(name: str, about: str, example: Any) -> str:
    return f"## `{name}`\n\n{about}\n\n```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```\n"


def _event_section(event: Event) -> str:
    kept = "Logged." if event.logged else "Not logged."
    return _section(event.name, f"To {_room(event)}. {event.when} {kept}", event.example)


def _command_section(command: Command) -> str:
    also = f" Also called {_names(command.aliases)}." if command.aliases else ""
    bare = f" A client may send the value of `{command.bare}` instead of an object." if command.bare else ""
    adds = _names(command.response.model_fields) or "nothing"
    about = f"{command.summary}{also}{bare} The acknowledgement adds {adds}."
    return _section(command.name, about, command.example)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def event_list_document(registry: Registry, pages: RoomPages) -> str:
    """Return `docs/events.md`: a list of all events and commands, with links to the pages that describe them.

    Raises `ValueError` if no page has the events of some room.
    """
    page_of = {room: _ROOM_PAGE.format(page=page) for page, rooms in pages.items() for room in rooms}
    events = _events(registry)
    if left_out := sorted({event.room for event in events} - page_of.keys()):
        raise ValueError(f"No page describes the events to: {', '.join(left_out)}")
    event_rows = (
        f"| {_link(event.name, page_of[event.room])} | {_room(event)} | {'yes' if event.logged else 'no'} |"
        for event in events
    )
    command_rows = (
        f"| {_link(command.name, _COMMANDS_PAGE)} | {_names(command.aliases)} |" for command in _commands(registry)
    )
    return _LIST.format(events="\n".join(event_rows), commands="\n".join(command_rows))


def room_events_document(registry: Registry, rooms: Sequence[str]) -> str:
    """Return a page that describes the events to these rooms."""
    events = _events(registry, rooms)
    to = " and ".join(dict.fromkeys(_room(event) for event in sorted(events, key=lambda one: rooms.index(one.room))))
    head = f"# Events to {to}\n\n[Events and commands](../events.md) lists all events.\n"
    return "\n".join([head, *map(_event_section, events)])


def commands_document(registry: Registry) -> str:
    """Return a page that describes all commands."""
    head = "# Commands\n\n[Events and commands](../events.md) says how the server answers a command.\n"
    return "\n".join([head, *map(_command_section, _commands(registry))])


def asyncapi_document(registry: Registry, *, version: str, license: dict[str, str]) -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document: https://www.asyncapi.com/docs/reference/specification/v3.0.0

    `version` is the version of the API. `license` has a `name`.
    """
    events, commands = _events(registry), _commands(registry)
    payloads = {event.name: _event_schema(event) for event in events}
    answers = {command.name: _acknowledgement_schema(command) for command in commands}
    sent: list[type[BaseModel]] = [*payloads.values(), *answers.values(), FailedAcknowledgement]
    used: list[tuple[type[BaseModel], JsonSchemaMode]] = [(one, "serialization") for one in sent]
    used += [(command.request, "validation") for command in commands]
    references, schemas = models_json_schema(list(dict.fromkeys(used)), ref_template=_REFERENCE)
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for event in events:
        reference = references[payloads[event.name], "serialization"]
        messages[event.name] = _message(event.name, event.when, reference, event.example)
        operations[event.name] = _operation("send", event.name)
    for command in commands:
        reference, answer = references[command.request, "validation"], answers[command.name]
        messages[command.name] = _message(command.name, command.summary, reference, command.example)
        name, answer_reference = f"{command.name}_acknowledgement", references[answer, "serialization"]
        example = example_of(answer_reference, schemas["$defs"])
        messages[name] = _message(name, f"The answer to `{command.name}`.", answer_reference, example)
        operations[command.name] = _operation("receive", command.name) | {
            "reply": {"messages": [_reference_to(name), _reference_to(REFUSED)]}
        }
    refusal = references[FailedAcknowledgement, "serialization"]
    messages[REFUSED] = _message(REFUSED, "The answer to a command that is refused.", refusal, _REFUSAL_EXAMPLE)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stoory",
            "version": version,
            "description": "Socket.IO 5, namespace /",
            "license": license,
        },
        "servers": {
            "this": {
                "host": "{host}",
                "pathname": "/",
                "protocol": "wss",
                "variables": {"host": {"default": "127.0.0.1:3000"}},
            }
        },
        "channels": {"socket": {"address": "/socket.io/", "messages": messages}},
        "operations": operations,
        "components": {"schemas": schemas["$defs"]},
    }


def _event_schema(event: Event) -> type[BaseModel]:
    """Return the schema of an event as it is sent: a logged event has a `seq` too."""
    if not event.logged:
        return event.payload
    return create_model(event.payload.__name__, __base__=event.payload, seq=(int, ...))


def _acknowledgement_schema(command: Command) -> type[BaseModel]:
    """Return the schema of the answer to a command that was carried out."""
    name = "".join(word.capitalize() for word in command.name.split("_"))
    return create_model(f"{name}Acknowledgement", __base__=command.response, success=(Literal[True], ...))


def _reference_to(message: str) -> dict[str, str]:
    return {"$ref": f"#/channels/socket/messages/{message}"}


def _message(name: str, summary: str, payload: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"name": name, "summary": summary, "payload": payload, "examples": [{"payload": example}]}


def _operation(action: str, name: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [_reference_to(name)],
    }
