"""The arguments of tasks: ids, numbers, short names and None, as JSON.

A stored task can be read by operators and stays for days, so texts and tokens are refused. A task reads them from the
rows that its ids name.
"""

import inspect
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tasks.errors import InvalidArguments

MAX_ARGUMENTS = 10
NAME = re.compile(r"[a-z][a-z_]{0,31}")
"""A name such as `stripe` or `new_message`. Digits are not allowed, so that no token looks like a name."""
_UUID_LENGTH = 36
_LARGEST = 2**63 - 1


def stored(args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON form of arguments. Raises `InvalidArguments`."""
    if len(args) + len(kwargs) > MAX_ARGUMENTS:
        raise InvalidArguments(f"A task has at most {MAX_ARGUMENTS} arguments.")
    return {"args": [_stored(one) for one in args], "kwargs": {name: _stored(one) for name, one in kwargs.items()}}


def _stored(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case int() if abs(value) <= _LARGEST:
            return value
        case uuid.UUID():
            return str(value)
        case str() if NAME.fullmatch(value):
            return str(value)
    raise InvalidArguments(f"A task takes ids, numbers, names and None, not this {type(value).__name__}.")


def restored(content: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments as they were given to `enqueue`."""
    return [_restored(one) for one in content["args"]], {
        name: _restored(one) for name, one in content["kwargs"].items()
    }


def _restored(value: Any) -> Any:
    return uuid.UUID(value) if isinstance(value, str) and len(value) == _UUID_LENGTH else value


def values_of(
    function: Callable[..., Any], names: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any], skip: int
) -> list[Any]:
    """Return the values of the parameters `names`, with their defaults. `skip` is the number of first parameters that
    the caller does not give. Raises `TypeError` if the arguments do not fit the function."""
    bound = inspect.signature(function).bind(*[None] * skip, *args, **kwargs)
    bound.apply_defaults()
    return [_stored(bound.arguments[name]) for name in names]
