"""Parses the setting `FLOWS`, which replaces numbers of the flows."""

import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.dateparse import parse_duration

SPANS = ("deadlines", "reminders")


def overrides(written: str) -> dict[str, dict[str, Any]]:
    """Return the argument of `conversations.flows.configure`.

    `written` is JSON with ISO 8601 durations (`"P3D"`, `"PT12H"`). Raises `ImproperlyConfigured`.
    """
    try:
        parsed = json.loads(written or "{}")
        return {name: _numbers(numbers) for name, numbers in parsed.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise ImproperlyConfigured(f"FLOWS must be a JSON object of flows: {error}") from None


def _numbers(parsed: dict[str, Any]) -> dict[str, Any]:
    spans = {key: {state: _span(text) for state, text in parsed[key].items()} for key in SPANS if key in parsed}
    return parsed | spans


def _span(text: Any) -> Any:
    span = parse_duration(text) if isinstance(text, str) else None
    if span is None:
        raise ValueError(f"{text!r} is not a duration such as P3D")
    return span
