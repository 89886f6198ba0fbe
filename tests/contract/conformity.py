"""Checks whether a payload matches its declared schema exactly."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from foundation.json import from_json, to_json
from foundation.schemas import Schema
from realtime import LoggedEvent, registry
from realtime.pubsub import Hint


def fault_of(shape: type[Schema], data: Any) -> str | None:
    """Return the difference from the schema in types, formats, missing or unknown keys; None if the value conforms."""
    try:
        parsed = shape.model_validate_json(to_json(data), strict=True)
    except ValidationError as error:
        return str(error)
    again = from_json(parsed.model_dump_json(exclude_unset=True))
    return None if again == data else f"{data} is read as {again}"


def fault_of_event(name: str, data: dict[str, Any], seq: int | None) -> str | None:
    """Do the same for an event as it is sent; a logged event has its `seq` in addition to the members of its schema."""
    event = registry.events.get(name)
    if event is None:
        return None  # declared by a test
    if event.logged and (seq is None or data.get("seq") != seq):
        return f"{name} stands at {seq} and says {data.get('seq')}"
    payload = {key: value for key, value in data.items() if not (event.logged and key == "seq")}
    error = fault_of(event.payload, payload)
    return error and f"{name}: {error}"


@contextmanager
def emitted_events(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, dict[str, Any]]]]:
    """Record every event sent in the block as `(room, name, payload)`, and validate all of them at the end."""
    sent: list[tuple[str, str, dict[str, Any]]] = []
    faults: list[str] = []
    logged, ephemeral = Hint.logged, Hint.ephemeral

    def note(room: str, name: str, data: str, seq: int | None) -> None:
        payload = from_json(data)
        sent.append((room, name, payload))
        faults.extend(filter(None, [fault_of_event(name, payload, seq)]))

    def noting_logged(room: str, events: list[LoggedEvent], at: float) -> Hint:
        for event in events:
            note(room, event.event, event.data, event.seq)
        return logged(room, events, at)

    def noting_ephemeral(room: str, event: str, data: str, skip_user: Any) -> Hint:
        note(room, event, data, None)
        return ephemeral(room, event, data, skip_user)

    monkeypatch.setattr(Hint, "logged", staticmethod(noting_logged))
    monkeypatch.setattr(Hint, "ephemeral", staticmethod(noting_ephemeral))
    yield sent
    assert faults == []
