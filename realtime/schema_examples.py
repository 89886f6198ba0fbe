"""Examples for the documents, made from JSON schemas."""

from collections.abc import Mapping
from typing import Any

EXAMPLE_ID = "01980000-0000-7000-8000-00000000000c"
_BY_FORMAT = {"uuid": EXAMPLE_ID, "date-time": "2026-01-01T12:00:00.000Z", "uri": "https://example.com/"}


def example_of(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """Return a value that is valid by a schema: the required members, and of several kinds of values the first.

    `definitions` are the schemas by the last part of their references.
    """
    if "$ref" in schema:
        return example_of(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], definitions)
    return _of_type(schema, definitions)


def _of_type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    kind = schema.get("type", "object")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: example_of(properties[name], definitions) for name in schema.get("required", ())}
    if kind == "array":
        return [example_of(schema["items"], definitions)]
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", ""), "text")
    return {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": True, "null": None}[kind]
