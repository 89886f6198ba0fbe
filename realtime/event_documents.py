"""The documents that are generated from the declarations: the list of events and commands, and AsyncAPI."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from realtime.declarations import Command, Event, Registry

_REFERENCE = "#/components/schemas/{model}"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _commands(registry: Registry) -> list[Command]:
    """Return each command once, even if it has aliases."""
    return [registry.commands[name] for name in sorted({one.name for one in registry.commands.values()})]


def _event_section(event: Event) -> str:
    kept = "Logged: numbered with `seq`, stored and replayed." if event.logged else "Not logged: clients can miss it."
    return f"### `{event.name}`\n\nTo `{event.room}`. {event.when} {kept}\n\n```json\n{_json(event.example)}\n```\n"


def _command_section(command: Command) -> str:
    also = f" Also called {', '.join(f'`{name}`' for name in command.aliases)}." if command.aliases else ""
    bare = f" A client may send the value of `{command.bare}` instead of an object." if command.bare else ""
    adds = ", ".join(f"`{name}`" for name in command.response.model_fields) or "nothing"
    return (
        f"### `{command.name}`\n\n{command.summary}{also}{bare} The acknowledgement adds {adds}.\n\n"
        f"```json\n{_json(command.example)}\n```\n"
    )


def events_document(registry: Registry) -> str:
    """Return the text of `docs/events.md`."""
    events = "\n".join(_event_section(event) for event in sorted(registry.events.values(), key=lambda e: e.name))
    commands = "\n".join(_command_section(command) for command in _commands(registry))
    return (
        "# Events and commands\n\n"
        "`make documents` generates this page from the declarations in the code. The schemas are in "
        "[asyncapi.json](asyncapi.json).\n\n"
        "## Events: from the server\n\n"
        "In a logged event, `seq` is the number of the event in the room's log. The last argument of the event is a "
        "string for connection state recovery, which handlers can ignore.\n\n"
        f"{events}\n"
        "## Commands: to the server\n\n"
        "The server answers each command in the acknowledgement, if the client requests one: `{success: true, …}` or "
        "`{success: false, code, message, …}`. Keys may be in snake_case or camelCase.\n\n"
        f"{commands}"
    )


def asyncapi_document(registry: Registry, *, version: str, license: dict[str, str]) -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document: https://www.asyncapi.com/docs/reference/specification/v3.0.0

    `version` is the version of the API. `license` has a `name` and a `url`.
    """
    events, commands = sorted(registry.events.values(), key=lambda e: e.name), _commands(registry)
    schemas_used: list[tuple[type[BaseModel], JsonSchemaMode]] = [(event.payload, "serialization") for event in events]
    schemas_used += [(command.request, "validation") for command in commands]
    schemas_used += [(command.response, "serialization") for command in commands]
    references, schemas = models_json_schema(list(dict.fromkeys(schemas_used)), ref_template=_REFERENCE)
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for event in events:
        payload = references[event.payload, "serialization"]
        messages[event.name] = _message(event.name, event.when, payload, event.example)
        operations[event.name] = _operation("send", event.name)
    for command in commands:
        payload = references[command.request, "validation"]
        messages[command.name] = _message(command.name, command.summary, payload, command.example)
        messages[f"{command.name}_acknowledgement"] = {"payload": references[command.response, "serialization"]}
        operations[command.name] = _operation("receive", command.name) | {
            "reply": {"messages": [{"$ref": f"#/channels/socket/messages/{command.name}_acknowledgement"}]}
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stoory",
            "version": version,
            "description": "Socket.IO 5, namespace /",
            "license": license,
        },
        "channels": {"socket": {"address": "/socket.io/", "messages": messages}},
        "operations": operations,
        "components": {"schemas": schemas["$defs"]},
    }


def _message(name: str, summary: str, payload: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"name": name, "summary": summary, "payload": payload, "examples": [{"payload": example}]}


def _operation(action: str, name: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{name}"}],
    }
