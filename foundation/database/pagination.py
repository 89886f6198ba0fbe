"""Keyset pagination: a query finds a page by the last row of the previous page, so it stays fast in long lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet

from foundation.database.fields import field_of
from foundation.errors import Invalid

T = TypeVar("T")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. `next` and `previous` are cursors of the adjacent pages, or None if no such page exists."""

    results: list[T]
    next: str | None = None
    previous: str | None = None

    def mapped(self, render: Callable[[list[T]], list[Any]]) -> dict[str, Any]:
        """Return the members of the response: `{results, next, previous}`. `render` converts the rows."""
        return {"results": render(self.results), "next": self.next, "previous": self.previous}


@dataclass(frozen=True)
class Keyset:
    """An order of rows by one or two fields that are unique together. All fields are descending or all ascending."""

    fields: tuple[str, ...]
    descending: bool
    model: type[Model] = field(repr=False)

    def page(self, rows: QuerySet[M], *, cursor: str | None, limit: int) -> Page[M]:
        """Return the page of at most `limit` rows at a cursor, or the first page if `cursor` is None.

        Raises `Invalid` if the cursor does not belong to this list.
        """
        backwards, values = (False, None) if cursor is None else self._decoded(cursor)
        down = self.descending is not backwards
        wanted = rows if values is None else rows.filter(self._beyond(values, down))
        found = list(wanted.order_by(*self._order(down))[: limit + 1])
        more, found = len(found) > limit, found[:limit]
        if not found:
            return Page([])
        ahead = self._encoded(found[-1], backwards) if more else None
        behind = self._encoded(found[0], not backwards) if self._any_before(rows, found[0], values, down) else None
        if backwards:
            return Page(found[::-1], next=behind, previous=ahead)
        return Page(found, next=ahead, previous=behind)

    def _any_before(self, rows: QuerySet[M], first: M, values: Sequence[Any] | None, down: bool) -> bool:
        if values is None:
            return False
        fields = [field_of(self.model, name) for name in self.fields]
        own = [getattr(first, field.attname) for field in fields]
        return rows.filter(self._beyond(own, not down)).exists()

    def cursor(self, *values: Any, backwards: bool = False) -> str:
        """Return a signed cursor for the page after the row with these values of the fields.

        With `backwards`, it is the page before that row. The signature makes any other check of a cursor unnecessary.
        """
        return self._signer().sign_object([backwards, *values])

    def _signer(self) -> Signer:
        return Signer(sep=".", salt=f"cursor:{self.model._meta.label}:{','.join(self.fields)}")

    def _order(self, down: bool) -> list[str]:
        return [("-" if down else "") + name for name in self.fields]

    def _beyond(self, values: Sequence[Any], down: bool) -> Q:
        strict = "__lt" if down else "__gt"
        first, *rest = self.fields
        if not rest:
            return Q(**{first + strict: values[0]})
        tie = Q(**{first: values[0], rest[0] + strict: values[1]})
        return Q(**{first + strict + "e": values[0]}) & (Q(**{first + strict: values[0]}) | tie)

    def _encoded(self, row: Model, backwards: bool) -> str:
        fields = [field_of(self.model, name) for name in self.fields]
        return self.cursor(*(field.value_to_string(row) for field in fields), backwards=backwards)

    def _decoded(self, cursor: str) -> tuple[bool, list[Any]]:
        try:
            backwards, *written = self._signer().unsign_object(cursor)
        except BadSignature:
            raise Invalid(errors={"cursor": ["This cursor does not belong to this list."]}) from None
        fields = [field_of(self.model, name) for name in self.fields]
        return backwards, [field.to_python(value) for field, value in zip(fields, written, strict=True)]
