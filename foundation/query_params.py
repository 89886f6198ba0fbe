"""Query parameters of REST: their values, checked."""

from typing import Any

from foundation.errors import Invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def limit_param(params: Any) -> int:
    """`?limit=`: 1 to 200, 50 where it is not given. Raises `Invalid`."""
    limit = integer_param(params, "limit", default=DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid(errors={"limit": [f"A number from 1 to {MAX_LIMIT} is needed."]})
    return limit


def integer_param(params: Any, name: str, *, default: Any = None) -> Any:
    """A query parameter that is a number from 0 up. Raises `Invalid`."""
    value = params.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 20) or int(value) >= 2**63:
        raise Invalid(errors={name: ["A whole number is needed."]})
    return int(value)


def text_param(params: Any, name: str) -> str | None:
    """A query parameter that is text; None where it is not given. Raises `Invalid`."""
    value = params.get(name)
    if value is not None and "\x00" in value:
        raise Invalid(errors={name: ["The NUL character is not allowed."]})
    return value


def boolean_param(params: Any, name: str) -> bool | None:
    """A query parameter that is `true` or `false`; None where it is not given. Raises `Invalid`."""
    value = params.get(name)
    if value is None or value in {"true", "false"}:
        return None if value is None else value == "true"
    raise Invalid(errors={name: ["true or false is needed."]})
