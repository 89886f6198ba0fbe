"""Keyset pagination: a page is found by the last row of the one before, so its cost does not grow with the list."""

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
    """`next` leads on in the order of the list, `previous` back; each is None where there is nothing more."""

    results: list[T]
    next: str | None = None
    previous: str | None = None

    def mapped(self, render: Callable[[list[T]], list[Any]]) -> dict[str, Any]:
        """The members of the response: `{results, next, previous}`."""
        return {"results": render(self.results), "next": self.next, "previous": self.previous}


@dataclass(frozen=True)
class Keyset:
    """An order by one or two fields that are unique together, all descending or all ascending."""

    fields: tuple[str, ...]
    descending: bool
    model: type[Model] = field(repr=False)

    def page(self, rows: QuerySet[M], *, cursor: str | None, limit: int) -> Page[M]:
        """Raises `Invalid` for a cursor that does not come from this list."""
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
        """A cursor at these values of the fields, which the page does not include. It is signed, and needs no other
        check when it comes back."""
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
            raise Invalid(errors={"cursor": ["This is no cursor of this list."]}) from None
        fields = [field_of(self.model, name) for name in self.fields]
        return backwards, [field.to_python(value) for field, value in zip(fields, written, strict=True)]
