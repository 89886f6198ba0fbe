"""JSON encoding and decoding: UTF-8 and compact, with UUIDs as strings and times in the format of RFC 3339."""

import codecs
import json
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from foundation.clock import rfc3339
from foundation.schemas import CachedSchema

MAX_DEPTH = 32
"""Maximum nesting of the JSON that clients send: a list or an object without others in it has the depth 1."""


class NestedTooDeeply(ValueError):
    def __init__(self) -> None:
        super().__init__("The JSON is nested too deeply.")


def _wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, CachedSchema):
        return orjson.Fragment(value.as_json(_dump))
    if isinstance(value, BaseModel):
        # orjson and this function encode every value, so pydantic need not make a copy first.
        return value.__dict__
    return str(value)


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, default=_wire, option=orjson.OPT_PASSTHROUGH_DATETIME)


def to_json(value: Any) -> str:
    return _dump(value).decode()


def from_json(text: str | bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """Decode JSON, with or without a byte order mark.

    Half of a surrogate pair is decoded like other characters (RFC 8259, section 8.2): clients send it for a text that
    was cut inside an emoji, and the schema can then name the field. Raises `NestedTooDeeply`, or `ValueError` if the
    text is not JSON.
    """
    if isinstance(text, bytes):
        text = text.removeprefix(codecs.BOM_UTF8)
    try:
        value = orjson.loads(text)
    except ValueError:
        value = _loads_surrogates(text if isinstance(text, str) else text.decode("utf-8", "surrogatepass"))
    # Only a text with more brackets than the limit can be too deep. Counting brackets is cheap.
    brackets = ("[", "{") if isinstance(text, str) else (b"[", b"{")
    if sum(map(text.count, brackets)) > max_depth and not _is_depth_within(value, max_depth):  # type: ignore[arg-type]
        raise NestedTooDeeply
    return value


def _loads_surrogates(text: str) -> Any:
    """Decode JSON that orjson rejects, although halves of surrogate pairs can be its only fault."""
    try:
        return json.loads(text, parse_constant=_reject_constant)
    except RecursionError:
        raise NestedTooDeeply from None


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_depth_within(value: Any, limit: int) -> bool:
    """Return whether lists and dicts are nested at most `limit` levels deep."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            if isinstance(parent, list | dict)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return True
    return not any(isinstance(value, list | dict) for value in level)


class SocketJSON:
    """The `json` module for python-socketio. A packet is a list around the payload, so it has one level more."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return to_json(value)

    @staticmethod
    def loads(text: str | bytes) -> Any:
        return from_json(text, max_depth=MAX_DEPTH + 1)
