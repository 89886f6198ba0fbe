"""Lists by keyset: a page is found by where the last one ended, so its cost does not grow with the list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet

from foundation.database.fields import field_of
from foundation.errors import Invalid

T = TypeVar("T")
M = TypeVar("M", bound=Model)
LIMIT = 50
LONGEST = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    """`next` leads on in the order of the list, `previous` back; each is None where there is nothing more."""

    results: list[T]
    next: str | None = None
    previous: str | None = None

    def mapped(self, render: Callable[[list[T]], list[Any]]) -> dict[str, Any]:
        """The members of the answer: `{results, next, previous}`."""
        return {"results": render(self.results), "next": self.next, "previous": self.previous}


@dataclass(frozen=True)
class Keyset:
    """An order by one or two fields that together are unique, all descending or all ascending."""

    fields: tuple[str, ...]
    descending: bool
    model: type[Model] = field(repr=False)

    def page(self, rows: QuerySet[M], *, cursor: str | None, limit: int) -> Page[M]:
        """Raises `Invalid` for a cursor that this list did not give."""
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
        """A cursor that stands at these values of the fields, which the page does not include.

        It is signed: what comes back needs no more checking than that.
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
            raise Invalid(errors={"cursor": ["This is no cursor of this list."]}) from None
        fields = [field_of(self.model, name) for name in self.fields]
        return backwards, [field.to_python(value) for field, value in zip(fields, written, strict=True)]


def limit_of(params: Any) -> int:
    """`?limit=`: 1 to 200, 50 where it is not given. Raises `Invalid`."""
    limit = whole_number(params, "limit", default=LIMIT)
    if not 1 <= limit <= LONGEST:
        raise Invalid(errors={"limit": [f"A number from 1 to {LONGEST} is needed."]})
    return limit


def whole_number(params: Any, name: str, *, default: Any = None) -> Any:
    """A parameter of the address that is a number from 0 up. Raises `Invalid`."""
    value = params.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 20) or int(value) >= 2**63:
        raise Invalid(errors={name: ["A whole number is needed."]})
    return int(value)


def words(params: Any, name: str) -> str | None:
    """A parameter of the address that is text; None where it is not given. Raises `Invalid`."""
    value = params.get(name)
    if value is not None and "\x00" in value:
        raise Invalid(errors={name: ["The NUL character is not allowed."]})
    return value


def flag(params: Any, name: str) -> bool | None:
    """A parameter of the address that is `true` or `false`; None where it is not given. Raises `Invalid`."""
    value = params.get(name)
    if value is None or value in {"true", "false"}:
        return None if value is None else value == "true"
    raise Invalid(errors={name: ["true or false is needed."]})
