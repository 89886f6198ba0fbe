"""Fields of models."""

from typing import Any

from django.db import models


def field_of(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """A field of the model's own: not the other end of a relation, which Django finds by name as well."""
    found = model._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found
