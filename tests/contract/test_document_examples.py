"""Every message of the AsyncAPI document has a named schema and examples, and all examples of both documents are
valid."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from stoory import generated_documents

ASYNCAPI = json.loads(generated_documents.DOCUMENTS["docs/asyncapi.json"]())
OPENAPI = yaml.safe_load(generated_documents.DOCUMENTS["docs/openapi.yaml"]())
MESSAGES: dict[str, Any] = ASYNCAPI["channels"]["socket"]["messages"]
CAMEL = {"conversationId", "userId", "isTyping"}
FIXED = {
    "chat_status": {"automated", "real_time", "closed"},
    "awaiting_role": {"influencer", "brand_owner"},
    "conversation_type": {"direct", "bid", "campaign"},
    "message_type": {"user_input", "system"},
    "my_role": {"influencer", "brand_owner", "participant", "operator"},
    "payment_status": {"open", "failed", "canceled", "paid", "refunded"},
    "dispute": {"open", "won", "lost"},
    "style": {"primary", "success", "danger", "secondary"},
}
"""Members whose values are fixed, wherever they are."""


def errors(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Return what is invalid in a value; references lead into the document."""
    whole = schema | {"components": document["components"], "$schema": Draft202012Validator.META_SCHEMA["$id"]}
    checked = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{'.'.join(map(str, one.path))}: {one.message}" for one in checked.iter_errors(value)]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_has_a_named_schema_and_valid_examples(name):
    message = MESSAGES[name]
    assert message["payload"]["$ref"].startswith("#/components/schemas/")
    assert message["examples"]
    assert message["summary"]
    for example in message["examples"]:
        assert errors(ASYNCAPI, message["payload"], example["payload"]) == []


@pytest.mark.parametrize("name", MESSAGES)
def test_keys_are_in_snake_case_but_for_room_commands_and_typing(name):
    schema = ASYNCAPI["components"]["schemas"][MESSAGES[name]["payload"]["$ref"].rpartition("/")[2]]
    keys = set(schema["properties"])
    in_camel = name.startswith(("join_", "leave_", "typing_", "user_typing")) and not name.endswith("acknowledgement")
    assert {key for key in keys if not key.islower()} <= (CAMEL if in_camel else set())
    assert all(set(example["payload"]) <= keys for example in MESSAGES[name]["examples"])


def test_every_operation_names_its_answers():
    commands = [one for one in ASYNCAPI["operations"].values() if one["action"] == "receive"]
    assert len(commands) > 5
    for command in commands:
        names = [one["$ref"].rpartition("/")[2] for one in command["reply"]["messages"]]
        assert names[0].endswith("_acknowledgement")
        assert names[1:] == ["command_refused"]
        assert set(names) <= MESSAGES.keys()


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects in a document."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from nodes(child)
    elif isinstance(value, list):
        for child in value:
            yield from nodes(child)


@pytest.mark.parametrize("document", [ASYNCAPI, OPENAPI], ids=["asyncapi", "openapi"])
def test_examples_of_schemas_are_valid(document):
    for schema in nodes(document["components"]["schemas"]):
        for example in schema["examples"] if isinstance(schema.get("examples"), list) else []:
            assert errors(document, schema, example) == []


@pytest.mark.parametrize("document", [ASYNCAPI, OPENAPI], ids=["asyncapi", "openapi"])
def test_members_with_fixed_values_list_them(document):
    for schema in nodes(document["components"]["schemas"]):
        for name, values in FIXED.items():
            member = (schema.get("properties") or {}).get(name)
            if isinstance(member, dict):
                choices = [choice for one in member.get("anyOf", [member]) for choice in one.get("enum", [None])]
                assert {choice for choice in choices if choice} == values, name


def test_the_openapi_document_can_be_used_by_generators():
    assert OPENAPI["servers"] == [{"url": "/"}]
    for document in (OPENAPI, ASYNCAPI):
        assert document["info"]["license"]["name"] == "Apache-2.0"
    types = {kind for node in nodes(OPENAPI["paths"]) for kind in node.get("content", ())}
    assert "*/*" not in types
    assert "application/octet-stream" in types
