"""Checks that a block changes no row and sends nothing to the bus."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps

from realtime.pubsub import Hint
from tests.packages import PACKAGES


def every_row() -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the application's tables."""
    models = [model for app in apps.get_app_configs() if app.name in PACKAGES for model in app.get_models()]
    return {model.__name__: list(model._base_manager.order_by("pk").values()) for model in models}


@contextmanager
def nothing_happens(hints: list[Hint]) -> Iterator[None]:
    before, sent = every_row(), len(hints)
    yield
    assert every_row() == before
    assert hints[sent:] == []
