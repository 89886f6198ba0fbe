"""JSON as this project writes and reads it: UTF-8, compact, UUIDs and times in their wire form."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from foundation.clock import rfc3339


def _wire(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(warnings=False)
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value)


def to_json(value: Any) -> str:
    return orjson.dumps(value, default=_wire, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def from_json(text: str | bytes) -> Any:
    """Raises `ValueError` where the text is not JSON."""
    return orjson.loads(text)


class SocketJSON:
    """The `json` module that python-socketio is given."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return to_json(value)

    @staticmethod
    def loads(text: str | bytes) -> Any:
        return from_json(text)
