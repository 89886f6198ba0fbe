"""Fields of models."""

from typing import Any

from django.db import models


def field_of(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """Return one of the model's own fields by name. Fails for reverse relations, which `get_field` also finds."""
    found = model._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found
