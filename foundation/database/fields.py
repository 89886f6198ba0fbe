"""Fields of models."""

from collections.abc import Sequence
from typing import Any

from django.db import models


class LongTextField(models.TextField):
    """A `TextField` for many long texts at once.

    On PostgreSQL Django inserts many rows as one array for each column; to write a text into an array costs more
    than all the rest of the statement. A field with a placeholder of its own is inserted row by row.
    """

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def field_of(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """A field of the model's own: not the other end of a relation, which Django finds by name as well."""
    found = model._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found
