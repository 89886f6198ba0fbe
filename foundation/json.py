"""JSON encoding and decoding: UTF-8 and compact, with UUIDs as strings and times in the format of RFC 3339."""

from codecs import BOM_UTF8
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from foundation.clock import rfc3339
from foundation.schemas import CachedSchema


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


def from_json(text: str | bytes) -> Any:
    """Decode JSON. A byte order mark before it is skipped. Raises `ValueError` if the text is not JSON."""
    return orjson.loads(text.removeprefix(BOM_UTF8) if isinstance(text, bytes) else text)


class SocketJSON:
    """The `json` module for python-socketio."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return to_json(value)

    @staticmethod
    def loads(text: str | bytes) -> Any:
        return from_json(text)
