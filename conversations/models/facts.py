"""Rows that are written once."""

from typing import Any, NoReturn, TypeVar

from django.db import models

F = TypeVar("F", bound="Fact")


class FactQuerySet(models.QuerySet[F]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self.model.__name__} rows are never changed.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        self.update()

    def delete(self) -> NoReturn:
        raise TypeError(f"{self.model.__name__} rows go with their conversation only.")


class Fact(models.Model):
    """A row that is never changed, and goes only with the conversation that it belongs to."""

    objects = FactQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} rows are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} rows go with their conversation only.")
