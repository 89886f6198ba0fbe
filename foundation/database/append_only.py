"""Models whose rows are inserted and never changed."""

from typing import Any, NoReturn, TypeVar

from django.db import models

M = TypeVar("M", bound="AppendOnlyModel")


class AppendOnlyQuerySet(models.QuerySet[M]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{self.model.__name__} rows cannot be changed.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        self.update()

    def delete(self) -> NoReturn:
        raise TypeError(f"{self.model.__name__} rows can only be deleted with their conversation.")


class AppendOnlyModel(models.Model):
    """A model whose rows are never changed, and are deleted only by a cascade from their conversation.

    Any other change or deletion raises `TypeError`.
    """

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} rows cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} rows can only be deleted with their conversation.")
